"""Objects: put, read, copied, listed, deleted, in parts and in versions."""
