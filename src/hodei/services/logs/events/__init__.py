"""Log events: put, read, searched, followed."""
