"""Every wording of the product, one file per area."""
