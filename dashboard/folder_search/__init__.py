"""The Folder search page."""
