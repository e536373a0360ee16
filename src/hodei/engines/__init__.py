"""Data planes with no AWS in them."""
