"""Keys in cryptographic operations."""
