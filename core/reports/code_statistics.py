"""How good codes are as codes: even bits, independent bits, many different codes."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from core.errors import BadInput
from core.hashing import packing


@dataclass(frozen=True)
class CodeStatistics:
    """Of N codes of b bits. Entropies are in bits; `correlation` is 0 beside a bit that never changes."""

    count: int
    ones: np.ndarray  # float64 (b,), the share of codes in which a bit is 1
    correlation: np.ndarray  # float64 (b, b), Pearson's r between bits
    bit_entropy: np.ndarray  # float64 (b,), of each bit alone: 1 where it is even
    code_entropy: float  # of the codes that occur: at most min(b, log2 N)
    distinct: int

    @property
    def imbalance(self) -> float:
        """Mean distance of the share of ones from one half: 0 for even bits, 0.5 for constant ones."""
        return float(np.abs(self.ones - 0.5).mean())

    @property
    def pairs(self) -> np.ndarray:
        """|r| of each pair of bits, float64 (b (b - 1) / 2,)."""
        return np.abs(self.correlation[np.triu_indices(len(self.ones), 1)])

    @property
    def mean_correlation(self) -> float:
        """Mean |r| over pairs of bits; 0 for a single bit."""
        return float(self.pairs.mean()) if len(self.ones) > 1 else 0.0

    @property
    def most_entropy(self) -> float:
        """The most that the entropy of so many codes of this length can be, bits."""
        return float(min(len(self.ones), np.log2(self.count)))


def code_statistics(packed: np.ndarray, bits: int) -> CodeStatistics:
    """Statistics of packed codes uint8 (N, ceil(bits / 8)), N > 0."""
    if len(packed) < 1:
        raise BadInput("no codes to describe: expected at least one")
    values = packing.unpack(np.asarray(packed), bits)
    ones = values.mean(axis=0)
    _, counts = np.unique(np.ascontiguousarray(packed), axis=0, return_counts=True)
    return CodeStatistics(
        count=len(packed),
        ones=ones,
        correlation=_correlation(values, ones),
        bit_entropy=_entropy(np.stack([ones, 1.0 - ones])),
        code_entropy=float(_entropy(counts / len(packed))),
        distinct=len(counts),
    )


def statistics_table(found: CodeStatistics, fit_seconds: float | None) -> pd.DataFrame:
    """One row: codes, bits, distinct codes, entropies in bits, imbalance, mean |r|, seconds to fit (empty: unknown)."""
    row = {
        "codes": found.count,
        "bits": len(found.ones),
        "distinct": found.distinct,
        "code_entropy": found.code_entropy,
        "most_entropy": found.most_entropy,
        "bit_entropy": float(found.bit_entropy.mean()),
        "imbalance": found.imbalance,
        "mean_correlation": found.mean_correlation,
        "fit_seconds": fit_seconds,
    }
    return pd.DataFrame([row]).astype({"fit_seconds": float})


def bit_table(found: CodeStatistics) -> pd.DataFrame:
    """One row a bit, from 0: its share of ones and its entropy in bits."""
    bits = np.arange(len(found.ones))
    return pd.DataFrame({"bit": bits, "ones": found.ones, "entropy": found.bit_entropy})


def correlation_table(found: CodeStatistics) -> pd.DataFrame:
    """One row a pair of bits, the lower first: Pearson's r."""
    first, second = np.triu_indices(len(found.ones), 1)
    return pd.DataFrame({"bit": first, "other": second, "r": found.correlation[first, second]})


def _correlation(values: np.ndarray, ones: np.ndarray) -> np.ndarray:
    single = values.astype(np.float32)  # counts to 2^24 are exact
    together = (single.T @ single).astype(np.float64) / len(values)
    deviation = np.sqrt(ones * (1.0 - ones))
    scale = np.outer(deviation, deviation)
    covariance = together - np.outer(ones, ones)
    r = np.divide(covariance, scale, out=np.zeros_like(covariance), where=scale > 0)
    np.fill_diagonal(r, 1.0)
    return np.clip(r, -1.0, 1.0)


def _entropy(shares: np.ndarray) -> np.ndarray:
    """Shannon entropy in bits over the first axis, with 0 log 0 = 0."""
    logs = np.log2(shares, out=np.zeros_like(shares), where=shares > 0)
    return -(shares * logs).sum(axis=0) + 0.0
