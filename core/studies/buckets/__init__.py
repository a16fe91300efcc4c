"""A study of candidates: what cells and hash tables let a search leave out, and what that does to its figures."""
