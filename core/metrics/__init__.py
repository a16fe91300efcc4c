"""Retrieval metrics: one concept a file, one registry."""
