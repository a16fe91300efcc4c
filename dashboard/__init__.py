"""The pages of the dashboard, a package each, and what they share."""
