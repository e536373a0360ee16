"""Metrics: put, listed, read, calculated with."""
