"""Every table of every page by name: one function gives what the page's download and `python -m core export` give."""
