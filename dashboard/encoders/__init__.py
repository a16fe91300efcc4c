"""The Encoders page."""
