"""Filters of groups: those that make metrics, those that send events on."""
