"""Alarms on metrics, and composite ones on other alarms."""
