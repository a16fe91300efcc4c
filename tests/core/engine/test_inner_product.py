"""Encoders whose embeddings are compared by inner product as they are: every search against plain loops."""

from __future__ import annotations

import tempfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.bundle.bundle import load_bundle
from core.datasets.arrays import import_arrays
from core.engine.engine import Engine
from core.engine.retrieval import retrieve
from core.settings import Setting
from core.timing.timing import time_latency, time_throughput
from tests import reference

SEARCHES = ("exact", "hashed", "hamming")


def world(seed: int, count: int, dimensions: int, spread: float) -> tuple[np.ndarray, np.ndarray]:
    """Vectors float32 of very different lengths, some equal and some of equal direction alone, and their labels."""
    rng = np.random.default_rng(seed)
    vectors = rng.normal(size=(count, dimensions)) * 10 ** rng.uniform(-spread, spread, (count, 1))
    vectors[count // 2] = vectors[0]
    vectors[count // 3] = 2 * vectors[0]
    return vectors.astype(np.float32), rng.integers(0, 3, count)


def open_setting(path: Path, similarity: str, multiplier: str = "1.5") -> tuple[Engine, Setting]:
    bundle = load_bundle(path)
    assert bundle.similarity("imported") == similarity
    return Engine(bundle), Setting("imported", "random-hyperplane", 16, multiplier, "leave-one-out", "imported")


@settings(max_examples=40, deadline=None)
@given(
    st.integers(0, 2**32 - 1),
    st.integers(6, 30),
    st.integers(1, 20),
    st.sampled_from([0.0, 1.0, 6.0]),
    st.sampled_from(["1", "1.5", "all"]),
    st.data(),
)
def test_every_search_equals_plain_loops(seed, count, dimensions, spread, multiplier, data):
    vectors, labels = world(seed, count, dimensions, spread)
    k = data.draw(st.integers(1, count - 1))
    with tempfile.TemporaryDirectory() as folder:
        import_arrays(Path(folder) / "ip", vectors, labels, similarity="inner-product")
        engine, setting = open_setting(Path(folder) / "ip", "inner-product", multiplier)
        codes = engine.at(setting).codes.gallery.packed
        rows = slice(0, count)
        found = {search: engine.at(setting).top_ids(search, k, rows).tolist() for search in SEARCHES}
        results = engine.evaluate(setting, [k])
        for q, query in enumerate(vectors):
            exact = reference.exact_ranking(query, vectors, q)
            near = reference.hamming_ranking(codes[q], codes, q)
            expected = {
                "exact": exact[:k],
                "hashed": reference.hashed_ranking(query, vectors, near, multiplier, k),
                "hamming": near[:k],
            }
            assert {search: found[search][q] for search in SEARCHES} == expected
            similarity = np.eye(3)
            for search, ranking in expected.items():
                values = reference.metrics(ranking, k, labels[q], labels, similarity, q, exact)
                for metric in ("ap", "precision", "overlap"):
                    assert results[search].at(metric, k)[q] == pytest.approx(values[metric], abs=1e-12)


def test_length_decides_and_cosine_does_not_see_it(tmp_path):
    vectors = np.array([[1, 0], [0.9, 0.1], [0, 5], [4, 3]], np.float32)
    orders = {}
    for similarity in ("cosine", "inner-product"):
        import_arrays(tmp_path / similarity, vectors, np.arange(4), similarity=similarity)
        engine, setting = open_setting(tmp_path / similarity, similarity)
        answer = retrieve(engine.at(setting), 0, 3, ("exact",)).answers["exact"]
        orders[similarity] = answer.ids.tolist()
    assert orders == {"cosine": [1, 3, 2], "inner-product": [3, 1, 2]}
    assert answer.similarities.tolist() == [4, pytest.approx(0.9), 0]


def test_a_query_need_not_find_itself_first(tmp_path):
    vectors = np.array([[1, 0], [3, 0], [0, 1]], np.float32)
    import_arrays(
        tmp_path / "ip", vectors, np.arange(3), query_embeddings=vectors, query_labels=np.arange(3),
        similarity="inner-product",
    )  # fmt: skip
    bundle = load_bundle(tmp_path / "ip")
    setting = Setting("imported", "random-hyperplane", 8, "2", "queries-vs-gallery", "imported")
    assert retrieve(Engine(bundle).at(setting), 0, 2).answers["exact"].ids.tolist() == [1, 0]


@pytest.mark.parametrize("scale", [1e-4, 1, 1e4])
def test_timings_check_results_at_any_scale(tmp_path, scale):
    rng = np.random.default_rng(0)
    vectors = (scale * rng.normal(size=(80, 12))).astype(np.float32)
    import_arrays(tmp_path / "ip", vectors, rng.integers(0, 3, 80), similarity="inner-product")
    engine, setting = open_setting(tmp_path / "ip", "inner-product")
    timings = time_latency(engine, setting, 5, runs=3) + time_throughput(engine, setting, 5, threads=1, runs=1)
    assert all(timing.equal for timing in timings)


def test_a_wrong_answer_is_not_equal_at_any_scale(tmp_path):
    from core.timing.opponents.checks import same_similarities

    vectors = (1e-4 * np.random.default_rng(0).normal(size=(80, 12))).astype(np.float32)
    import_arrays(tmp_path / "ip", vectors, np.zeros(80, np.int64), similarity="inner-product")
    engine, setting = open_setting(tmp_path / "ip", "inner-product")
    task = engine.at(setting).task
    exact = np.array(reference.exact_ranking(vectors[0], vectors, 0))
    assert same_similarities(task, 0, exact[:5], exact[:5])
    assert not same_similarities(task, 0, exact[[0, 1, 2, 3, 9]], exact[:5])
