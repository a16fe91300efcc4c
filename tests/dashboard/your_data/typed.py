"""Arrays and files that a person might bring to the page 'Your data', and how the page is handled in a test."""

from __future__ import annotations

import io

import numpy as np
import pandas as pd
from streamlit.testing.v1 import AppTest

from dashboard.shared.state import View

RNG = np.random.default_rng(0)
LABELS = np.arange(80) % 4
VECTORS = RNG.normal(size=(80, 24)).astype(np.float32) + 2 * np.eye(24, dtype=np.float32)[LABELS]
CODES = np.packbits(VECTORS[:, :12] > 0, axis=1)


def npy(array: np.ndarray) -> bytes:
    """The content of a .npy file."""
    buffer = io.BytesIO()
    np.save(buffer, array, allow_pickle=False)
    return buffer.getvalue()


def npz(**arrays: np.ndarray) -> bytes:
    """The content of a .npz file."""
    buffer = io.BytesIO()
    np.savez(buffer, **arrays)
    return buffer.getvalue()


def parquet(**columns: list) -> bytes:
    """The content of a .parquet file."""
    return pd.DataFrame(columns).to_parquet(index=False)


def press(at: AppTest, label: str) -> AppTest:
    """Press the button of that name."""
    return next(button for button in at.button if button.label == label).click().run()


def view(at: AppTest) -> View:
    """What the session shows."""
    return at.session_state["_view"]
