"""Search engines that run outside this process, as backends of the door to search."""
