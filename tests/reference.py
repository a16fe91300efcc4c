"""Plain loops for every definition: slow, obvious, and sharing no code with the engine."""

from __future__ import annotations

import math
from fractions import Fraction
from itertools import pairwise

import numpy as np


def inner_product(a, b):
    total = 0.0
    for x, y in zip(a, b, strict=True):
        total += float(x) * float(y)
    return total


def hamming(a, b):
    return int(np.unpackbits(a ^ b).sum())


def exact_ranking(query, gallery, exclude=-1):
    keys = [(-inner_product(query, row), n) for n, row in enumerate(gallery) if n != exclude]
    return [n for _, n in sorted(keys)]


def hamming_ranking(code, codes, exclude=-1, cap=None):
    def distance(n):
        d = hamming(code, codes[n])
        return d if cap is None else min(d, cap)

    return [n for _, n in sorted((distance(n), n) for n in range(len(codes)) if n != exclude)]


def asymmetric_ranking(projection, bits, exclude=-1):
    """`bits` bool (N, b)."""
    keys = []
    for n, row in enumerate(bits):
        if n != exclude:
            keys.append((-sum(float(p) if b else -float(p) for p, b in zip(projection, row, strict=True)), n))
    return [n for _, n in sorted(keys)]


def hashed_ranking(query, gallery, near, multiplier, k):
    """Top k of the shortlist of a Hamming ranking; `multiplier` decimal text or 'all'."""
    size = len(near) if multiplier == "all" else min(len(near), math.ceil(Fraction(multiplier) * k))
    keys = [(-inner_product(query, gallery[n]), n) for n in near[:size]]
    return [n for _, n in sorted(keys)][:k]


def metrics(ranking, k, query_label, labels, similarity, exclude, exact_top):
    """All metrics at k of one query's ranking (a list of gallery ids, at least k long)."""
    top = ranking[:k]
    rel = [int(labels[n] == query_label) for n in top]
    relevant = sum(1 for n, label in enumerate(labels) if n != exclude and label == query_label)
    s = [float(similarity[query_label][labels[n]]) for n in top]
    best = sorted((float(similarity[query_label][c]) for n, c in enumerate(labels) if n != exclude), reverse=True)
    found = sum(rel)
    s_k = sum(rel[i] * sum(rel[: i + 1]) / (i + 1) for i in range(k))
    hps = [sum(s[: i + 1]) / sum(best[: i + 1]) if relevant else 0.0 for i in range(k)]
    dcg = sum(r / math.log2(i + 2) for i, r in enumerate(rel))
    idcg = sum(1 / math.log2(i + 2) for i in range(min(relevant, k)))
    dcg_h = sum(v / math.log2(i + 2) for i, v in enumerate(s))
    idcg_h = sum(v / math.log2(i + 2) for i, v in enumerate(best[:k]))
    return {
        "precision": found / k,
        "recall": found / relevant if relevant else 0.0,
        "ap": s_k / min(relevant, k) if relevant else 0.0,
        "ap_trec": s_k / relevant if relevant else 0.0,
        "ap_hits": s_k / found if found else 0.0,
        "ap_source": s_k / k,
        "hp": hps[-1],
        "ahp": sum(hps) / k,
        "ahp_trapezoid": sum((a + b) / 2 for a, b in pairwise(hps)) / k,
        "ndcg": dcg / idcg if relevant else 0.0,
        "ndcg_hierarchical": dcg_h / idcg_h if relevant else 0.0,
        "overlap": len(set(top) & set(exact_top[:k])) / k,
    }
