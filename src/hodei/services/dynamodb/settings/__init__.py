"""What can be set of a table, each by operations of its own."""
