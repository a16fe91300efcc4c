"""How each encoder is trained: one file an encoder, every choice in it made on the held-out images."""
