"""Approximate indexes of search engines, as they are used in production: what they find, and how fast they answer."""
