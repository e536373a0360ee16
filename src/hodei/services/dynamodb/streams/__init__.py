"""Streams of tables: what is written into them, and for how long it stays."""
