"""Queries in Logs Insights QL."""
