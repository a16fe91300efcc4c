"""What this project's searches are timed against, one file an opponent, each as its users would run it at its best."""
