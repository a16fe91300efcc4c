"""Every metric as data: this registry drives selectors, tooltips, axes and CSV rows."""

from __future__ import annotations

from importlib import import_module

from core.errors import unknown_name
from core.metrics import average_precision, hierarchical_precision, ndcg, overlap, precision, recall
from core.metrics.metric import Metric
from core.metrics.quotient import Quotient

# Modules that hold a metric of their own as METRIC: a line here is all that lists one.
ADDED: tuple[str, ...] = (
    # "core.metrics.reciprocal_rank",
)

_ALL = (
    Metric(
        "ap",
        "mAP",
        "map",
        "Average precision: S_k / min(R, k). A perfect ranking scores 1 at every k.",
        "Manning, Raghavan & Schütze, Introduction to Information Retrieval, 2008; divisor min(R, k)",
        average_precision.ap,
    ),
    Metric(
        "ap_trec",
        "mAP (÷ R)",
        "map",
        "Average precision divided by all R relevant images: S_k / R.",
        "trec_eval map_cut; ranx, ir_measures, pytorch-metric-learning",
        average_precision.ap_trec,
        recall.recall_ceiling,
    ),
    Metric(
        "ap_hits",
        "mAP (÷ hits)",
        "map",
        "Average precision divided by the relevant images found in the top k. Not monotone: [1,0,1] < [1,0,0].",
        "DeepHash-pytorch, HashNet, torchmetrics",
        average_precision.ap_hits,
    ),
    Metric(
        "ap_source",
        "mAP (÷ k)",
        "map",
        "Average precision divided by k: S_k / k. Its ceiling falls once k passes R.",
        "Fast Image Retrieval using Binary Hashes and Network of Word Associations, IIT Kharagpur 2023",
        average_precision.ap_source,
        precision.precision_ceiling,
    ),
    Metric(
        "hp",
        "HP",
        "hp",
        "Hierarchical precision: class similarities of the top k over the largest sum any ranking reaches.",
        "Deng, Berg & Fei-Fei, CVPR 2011",
        hierarchical_precision.hp,
        hierarchical=True,
    ),
    Metric(
        "ahp",
        "mAHP",
        "mahp",
        "Mean of hierarchical precision at 1 .. k. A perfect ranking scores 1 at every k.",
        "Deng, Berg & Fei-Fei, CVPR 2011; plain mean",
        hierarchical_precision.ahp,
        hierarchical=True,
    ),
    Metric(
        "ahp_trapezoid",
        "mAHP (trapezoid)",
        "mahp",
        "Area under hierarchical precision at 1 .. k with dx = 1/k, as published; a perfect ranking scores (k-1)/k.",
        "Barz & Denzler, WACV 2019, code since 2020",
        hierarchical_precision.ahp_trapezoid,
        hierarchical_precision.ahp_trapezoid_ceiling,
        hierarchical=True,
    ),
    Metric(
        "precision",
        "Precision",
        "precision",
        "Share of the top k that has the query's class.",
        "trec_eval P",
        precision.precision,
        precision.precision_ceiling,
    ),
    Metric(
        "recall",
        "Recall",
        "recall",
        "Share of the relevant images that is in the top k.",
        "trec_eval recall",
        recall.recall,
        recall.recall_ceiling,
    ),
    Metric(
        "ndcg",
        "nDCG",
        "ndcg",
        "Discounted gain of the query's class over the best the gallery allows.",
        "Järvelin & Kekäläinen, TOIS 2002; trec_eval ndcg_cut",
        ndcg.ndcg,
    ),
    Metric(
        "ndcg_hierarchical",
        "nDCG (hierarchical)",
        "ndcg",
        "Discounted class similarity over the best the gallery allows.",
        "Järvelin & Kekäläinen, TOIS 2002; gain = class similarity",
        ndcg.ndcg_hierarchical,
        hierarchical=True,
    ),
    Metric(
        "overlap",
        "Overlap",
        "overlap",
        "Share of the exact top k that this search returns too. Needs no labels.",
        "faiss knn_intersection_measure; ANN-benchmarks recall",
        overlap.overlap,
    ),
    *(
        Metric(
            f"{base}_expected",
            f"{label}, ties averaged",
            "expected",
            f"Expected {label} over random order inside each Hamming distance.",
            "McSherry & Najork, ECIR 2008",
            None,
            base=base,
        )
        for base, label in (("ap", "mAP"), ("ap_trec", "mAP (÷ R)"), ("ap_source", "mAP (÷ k)"))
    ),
)

METRICS: dict[str, Metric] = {
    metric.name: metric for metric in (*_ALL, *(import_module(name).METRIC for name in ADDED))
}


def get_metric(name: str) -> Metric:
    """The metric of that name; raises BadInput for another name."""
    if name not in METRICS:
        raise unknown_name("metric", name, METRICS)
    return METRICS[name]


def quotient_of(name: str) -> Quotient:
    """What a metric is computed by, from sums that its ties are averaged in where it does so."""
    metric = get_metric(name)
    if metric.compute is not None:
        return metric.compute
    assert metric.base is not None  # without a quotient of its own a metric shares its base's
    return quotient_of(metric.base)


def family(name: str) -> list[Metric]:
    """The metrics of a family (`map`, `mahp`, ...), the default first."""
    return [metric for metric in METRICS.values() if metric.family == name]
