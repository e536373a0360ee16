"""Data protection: what is sensitive in events is masked wherever they are given out."""
