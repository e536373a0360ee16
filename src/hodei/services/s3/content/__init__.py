"""Bodies: how they come in, how they lie on disk, checksums and encryption."""
