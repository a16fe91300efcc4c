"""What a study of look-up in buckets published, quoted, and what its code does otherwise than its text says.

The repository aaaakash001/Image_Retrieval, October 2024: k-means, random hyperplanes, "Neural LSH" after arXiv
2012.08974 and "Neural LSH (Method 2)" after FourierHashNet, on features of a ViT-L/32 that saw ImageNet-21k. Its README
gives figures of the last method alone; those of the others stand in the outputs that its notebooks were saved with.
"""

from __future__ import annotations

from dataclasses import dataclass

REPOSITORY = "https://github.com/aaaakash001/Image_Retrieval"
COMMIT = "c50005c"  # of the README that is quoted

SHALLOW, DEEP = KS = (10, 50)
PROTOCOL = "test-vs-train"
CELLS = (10, 25, 50, 100, 200, 500)  # theirs but the 5 that they have too, which spare little
PCA_DIMENSIONS, DIMENSIONS = 100, 1024
RANDOM_TABLES = (14, 5)  # bits of a key, tables
LEARNED_BITS = 16
LEARNED_TABLES = {"neural-lsh": (12, 3), "fourier-hashnet": (12, 2)}


@dataclass(frozen=True)
class Published:
    """One published row: mean average precision over hits found in the top 50, and precision."""

    method: str
    data: str
    source: str
    map_found: float
    precision_10: float
    precision_50: float
    bits: int | None = None
    key_bits: int | None = None
    tables: int | None = None


_NOTEBOOK = "notebook of ImageNet-1k"
PUBLISHED = (
    Published("Neural LSH (Method 2)", "CIFAR-100", "README", 0.7591631, 0.8424764, 0.7205170),
    Published("Neural LSH (Method 2)", "CIFAR-10", "README", 0.9633220, 0.9552838, 0.9482381),
    Published("Random hyperplanes", "not stated", _NOTEBOOK, 0.5984, 0.4599, 0.2562, None, *RANDOM_TABLES),
    Published("Neural LSH", "not stated", _NOTEBOOK, 0.7755, 0.6175, 0.3157),
)

DIFFERENCES = (
    "A query's average precision is divided by the hits among its own first 50, not by those there are: one hit, "
    "ranked first, counts 1.",
    "A query that finds no candidate is left out of every mean (in the notebooks), so emptier tables score higher.",
    "Candidates are ranked by the exact cosine of the network's features: the figures are mostly those of that "
    "ranking inside the buckets, whatever found them.",
    "The union of the tables tests for the query in the list of tables instead of in the union, and starts it anew "
    "with each: only the last table's candidates are left, as with 1 table here.",
    "Planes are drawn as N(0, 1) − 0.5, so they share a direction: bits are correlated and uneven, and of 16,384 keys "
    "7,074 to 14,356 were in use by 1.28 million images.",
    "The loop that ranks candidates, as it was saved, scores the first 100 of a query in the order of the gallery, and "
    "was stopped before its end; the figures below it are of 10,000 queries where the data has 50,000.",
    "k-means: a list of fewer than 50 is filled up with −1, which is then read as the last training image; with PCA "
    "the ranking inside a cell is by distance in the reduced space.",
    "Neural LSH: the pairs to be pushed apart are picked by one batch's places and read from another batch.",
    "Neural LSH (Method 2) learns from labels, and is set beside methods that do not.",
    "Both notebooks of Neural LSH were saved with the same output, so one of them is not its own.",
)
