"""Trails: what is asked of them, and whether what they are to write to lets them."""
