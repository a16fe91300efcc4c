"""The data that everything works on: embeddings, codes, labels and class trees in a folder."""
