"""Bag of visual words: local descriptors of a picture, counted by the nearest words of a vocabulary."""
