"""Contributor Insights: which parts of log events contribute how much."""
