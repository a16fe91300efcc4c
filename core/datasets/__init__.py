"""Data sets and a person's own arrays, made into bundles."""
