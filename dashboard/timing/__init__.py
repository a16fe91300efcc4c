"""The Timing page."""
