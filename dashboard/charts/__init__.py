"""Figures: pure functions from data to a Plotly figure, one concept a file."""
