"""What the page is shown in: figures take their colours by it."""

from __future__ import annotations

import streamlit as st


def dark_page() -> bool:
    """Whether the page is shown in a dark theme."""
    theme = st.context.theme
    return getattr(theme, "type", None) == "dark"
