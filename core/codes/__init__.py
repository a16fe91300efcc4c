"""Packed codes, and the distances by which they are compared."""
