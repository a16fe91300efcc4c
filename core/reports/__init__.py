"""Results as tables and figures: metrics, queries, classes, encoders, codes."""
