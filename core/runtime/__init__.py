"""What everything runs on: threads, caches, compiled kernels, memory. Nothing here knows of images or hashes."""
