"""The Scale page."""
