"""Studies of published systems and methods, beside what they published."""
