"""Pictures of a person: one file, a folder of them, an index over it."""
