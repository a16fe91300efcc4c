"""Honest timing: pinned threads, warm-up, contenders in turn, medians and 95th percentiles."""
