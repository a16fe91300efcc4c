"""Timings of this project, each a script; `speed.py` runs them all."""
