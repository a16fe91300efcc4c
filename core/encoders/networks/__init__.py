"""The networks: one file an encoder, on a trunk that they share."""
