"""A picture that is in no split, as the query: encoded, hashed, searched for."""
