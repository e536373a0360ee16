"""Key material: sealed, rotated, imported, shared by the Regions of a key."""
