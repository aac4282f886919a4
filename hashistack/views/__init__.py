"""The only printers: every command's result as text for people and as JSON for programs."""
