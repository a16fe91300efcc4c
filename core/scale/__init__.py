"""Searches at scale: galleries made from real embeddings, their measured cost, and the model through the points."""
