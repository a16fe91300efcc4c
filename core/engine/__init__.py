"""A setting in, results out: rankings, metrics, curves."""
