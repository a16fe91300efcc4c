"""Hash methods compared: their scores, the leaderboard, and whether differences are significant."""
