"""Records: written, read, and forgotten when their time is over."""
