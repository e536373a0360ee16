"""Dashboards, and the images of their widgets."""
