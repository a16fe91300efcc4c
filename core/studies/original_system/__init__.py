"""The system that this project started from: its published figures beside ours."""
