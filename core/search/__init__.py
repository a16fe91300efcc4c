"""Exact, Hamming, hashed and asymmetric search in a fixed tie order."""
