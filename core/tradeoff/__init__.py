"""Quality over code length and shortlist multiplier, and what each costs."""
