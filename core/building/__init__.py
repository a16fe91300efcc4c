"""From pictures or arrays to a bundle: embed, fit hashes, add maps and scores."""
