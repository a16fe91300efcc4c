"""How codes are compared: one file a distance, all with the same methods."""
