"""The Queries page."""
