"""What is made from the schema: JSON Schema, reference page, help on a key, starter file."""
