"""Which classes an encoder holds alike, beside which ones a class tree does."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from core.bundle.bundle import Bundle
from core.protocols import get_protocol

QUANTILES = {"low": 0.05, "lower": 0.25, "median": 0.5, "upper": 0.75, "high": 0.95}


def image_split(bundle: Bundle) -> str:
    """The split whose images are looked at: the queries (of CIFAR-100 the test images)."""
    return get_protocol(bundle.protocols[0]).query_split


def embedding_similarity(embeddings: np.ndarray, labels: np.ndarray, classes: int) -> np.ndarray:
    """Mean similarity between the images of two classes, float64 (C, C).

    Similarity is the inner product, the cosine for unit vectors: (N, d) float, `labels` int (N,). On the diagonal no
    image is compared with itself. NaN where there is no pair: a class without images, or alone with one.
    """
    counts = np.bincount(labels, minlength=classes).astype(np.float64)
    sums = np.zeros((classes, embeddings.shape[1]))
    np.add.at(sums, labels, embeddings)
    own = np.bincount(labels, np.einsum("ij,ij->i", embeddings, embeddings, dtype=np.float64), classes)
    totals, pairs = sums @ sums.T, np.outer(counts, counts)
    totals[np.diag_indices(classes)] -= own
    pairs[np.diag_indices(classes)] -= counts
    return np.divide(totals, pairs, out=np.full_like(totals, np.nan), where=pairs > 0)


def between_classes(similarity: np.ndarray) -> np.ndarray:
    """The values of the pairs a < b of a matrix (C, C), float64 (C (C - 1) / 2,)."""
    return similarity[np.triu_indices(len(similarity), 1)]


def rank_correlation(first: np.ndarray, second: np.ndarray) -> float | None:
    """Spearman's correlation of two similarities (C, C) over the pairs of different classes; ties share a rank.

    None where it is not defined: fewer than two pairs that both have, or all values of one equal.
    """
    from scipy.stats import spearmanr

    one, other = between_classes(first), between_classes(second)
    known = np.isfinite(one) & np.isfinite(other)
    one, other = one[known], other[known]
    if len(one) < 2 or np.ptp(one) == 0 or np.ptp(other) == 0:
        return None
    return float(spearmanr(one, other).statistic)


def rank_shares(similarity: np.ndarray) -> np.ndarray:
    """The share of pairs of different classes that are less alike, float64 (C, C): what a rank correlation sees.

    0 for the least alike pair, 1 for the most, equal ones share their mean rank. NaN on the diagonal and where the
    similarity is NaN.
    """
    from scipy.stats import rankdata

    values = between_classes(similarity)
    known = np.isfinite(values)
    ranks = np.full(len(values), np.nan)
    ranks[known] = (rankdata(values[known]) - 1) / max(known.sum() - 1, 1)
    result = np.full(similarity.shape, np.nan)
    result[np.triu_indices(len(result), 1)] = ranks
    return np.where(np.isnan(result), result.T, result)


def by_level(similarity: np.ndarray, tree: np.ndarray) -> pd.DataFrame:
    """The embedding's similarities by those of the tree, both (C, C): one row a level, from unlike to the same class.

    Columns: level (the tree's value), pairs, mean, and the quantiles of `QUANTILES` over pairs of classes. The level
    1 is each class with itself.
    """
    rows, columns = np.triu_indices(len(similarity))
    frame = pd.DataFrame({"level": tree[rows, columns].round(9), "value": similarity[rows, columns]}).dropna()
    grouped = frame.groupby("level")["value"]
    parts = {"pairs": grouped.size(), "mean": grouped.mean()}
    parts |= {name: grouped.quantile(share) for name, share in QUANTILES.items()}
    return pd.DataFrame(parts).reset_index()


def class_order(bundle: Bundle) -> np.ndarray:
    """Class indices so that those of a superclass stand together, int64 (C,); label order without superclasses."""
    groups = bundle.superclass_of
    return np.arange(len(bundle.class_names)) if groups is None else np.argsort(groups, kind="stable")


def pair_table(similarity: np.ndarray, tree: np.ndarray, names: Sequence[str]) -> pd.DataFrame:
    """Both similarities (C, C) in long form, a class with itself first: class, other, similarity, tree, and the rank
    of each as `rank_shares` has it."""
    rows, columns = np.triu_indices(len(similarity))
    labels = np.array(names, dtype=object)
    values = {
        "similarity": similarity,
        "tree": tree,
        "similarity_rank": rank_shares(similarity),
        "tree_rank": rank_shares(tree),
    }
    pairs = {"class": labels[rows], "other": labels[columns]}
    return pd.DataFrame(pairs | {name: each[rows, columns] for name, each in values.items()})
