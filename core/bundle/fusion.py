"""What a bundle says of an encoder that two others were fused into (`core.building.add_fusion`)."""

from __future__ import annotations

import numpy as np

from core.bundle.bundle import Bundle
from core.errors import BadInput


def fuse_vectors(first: np.ndarray, second: np.ndarray, weight: float) -> np.ndarray:
    """Unit float32 (N, d1 + d2) of unit rows (N, d1) and (N, d2); `weight` in [0, 1] is the first's.

    >>> fuse_vectors(np.array([[1.0, 0.0]]), np.array([[1.0]]), 0.36).astype(float).round(2).tolist()
    [[0.6, 0.0, 0.8]]
    """
    return np.hstack([np.sqrt(weight) * first, np.sqrt(1 - weight) * second]).astype(np.float32)


def parts_of(bundle: Bundle, encoder: str) -> tuple[str, str, float] | None:
    """The two encoders of a fusion and the first's weight; None for any other encoder.

    Raises BadInput where one of them is gone, or was made anew since.
    """
    kept = bundle.encoder_info(encoder).get("fusion")
    if kept is None:
        return None
    for name, digest in zip(kept["encoders"], kept["made_of"], strict=True):
        if name not in bundle.encoders or weights_digest(bundle, name) != digest:
            raise BadInput(
                f"encoder '{encoder}' was fused of another '{name}' than the bundle has now: fuse again with "
                f"'python -m core fuse --encoders {','.join(kept['encoders'])}'"
            )
    first, second = kept["encoders"]
    return first, second, float(kept["weight"])


def weights_digest(bundle: Bundle, name: str) -> str | None:
    """The checksum of an encoder's weights; None where the bundle has none."""
    return (bundle.encoder_info(name).get("weights") or {}).get("sha256")
