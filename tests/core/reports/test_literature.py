from __future__ import annotations

import numpy as np
import pytest

from core.engine.engine import Engine
from core.errors import BadInput
from core.reports.literature import (
    PrecisionRecall,
    RadiusLookup,
    by_count,
    by_radius,
    log_counts,
    precision_recall_table,
    radius_lookup,
    radius_table,
)
from core.settings import Setting


@pytest.fixture(scope="module")
def engine(tiny_bundle):
    return Engine(tiny_bundle, threads=1)


def setting(hash_name="latent-sigmoid", protocol="test-vs-test", bits=16) -> Setting:
    return Setting("semantic", hash_name, bits, "1", protocol, "superclass")


def distances(engine, chosen) -> tuple[np.ndarray, np.ndarray]:
    """All code distances and relevances by plain loops' means; the query itself far outside."""
    task, codes = engine.at(chosen).task, engine.at(chosen).codes
    xor = codes.queries.packed[:, None, :] ^ codes.gallery.packed[None]
    found = np.unpackbits(xor, axis=2).sum(axis=2).astype(int)
    if codes.distance_cap is not None:
        found = np.minimum(found, codes.distance_cap)
    relevant = task.query_labels[:, None] == task.gallery_labels[None]
    for query, own in enumerate(task.exclude):
        if own >= 0:
            found[query, own], relevant[query, own] = 10_000, False
    return found, relevant


@pytest.mark.parametrize("protocol", ["test-vs-test", "test-vs-train", "test-vs-test-with-self"])
@pytest.mark.parametrize("radius", [0, 2, 16])
def test_look_up_within_a_radius_is_what_loops_find(engine, protocol, radius):
    chosen = setting(protocol=protocol)
    lookup = radius_lookup(engine, chosen, radius)
    found, relevant = distances(engine, chosen)
    for query in range(len(found)):
        order = sorted((d, n) for n, d in enumerate(found[query]) if d <= radius)
        hits = [bool(relevant[query, n]) for _, n in order]
        assert lookup.returned[query] == len(order)
        assert lookup.precision[query] == pytest.approx(sum(hits) / len(hits) if hits else 0)
        precisions = [sum(hits[: i + 1]) / (i + 1) for i, hit in enumerate(hits) if hit]
        assert lookup.average_precision[query] == pytest.approx(np.mean(precisions) if precisions else 0)
    assert lookup.nothing_found == (lookup.returned == 0).mean()


@pytest.mark.parametrize("radius", [-1, 17])
def test_a_radius_that_codes_cannot_have_is_refused(engine, radius):
    with pytest.raises(BadInput, match=rf"radius {radius} is outside 0 to 16"):
        radius_lookup(engine, setting(), radius)


def test_precision_and_recall_by_radius_are_what_counting_gives(engine):
    chosen = setting(protocol="test-vs-train")
    curve = by_radius(engine, chosen)
    found, relevant = distances(engine, chosen)
    assert curve.at.tolist() == list(range(17))
    for radius in curve.at:
        inside = found <= radius
        hits = (inside & relevant).sum(axis=1)
        assert curve.precision[radius] == pytest.approx((hits / np.maximum(inside.sum(axis=1), 1)).mean())
        assert curve.recall[radius] == pytest.approx((hits / relevant.sum(axis=1)).mean())
    assert curve.recall[-1] == 1


def test_radii_end_at_the_largest_distance_that_codes_have(engine):
    curve = by_radius(engine, setting("predicted-class"))
    assert curve.at.tolist() == [0, 1]
    assert curve.recall[-1] == 1
    assert radius_lookup(engine, setting("predicted-class"), 2).returned.tolist() == [59] * 60


@pytest.mark.parametrize("search", ["exact", "hamming", "asymmetric"])
def test_precision_over_the_number_returned_ends_with_the_whole_gallery(engine, search):
    told = []
    curve = by_count(Engine(engine.bundle, threads=1), search, setting(), points=8, progress=told.append)
    assert curve.at[0] == 1
    assert curve.at[-1] == 59
    assert curve.recall[-1] == pytest.approx(1)
    assert curve.precision[-1] == pytest.approx(5 / 59)  # six images a class, the query itself left out
    assert told[-1] == 1
    result = engine.result(search, setting(), curve.at.tolist())
    assert np.allclose(curve.precision, result.values("precision").mean(axis=0))
    assert np.allclose(curve.recall, result.values("recall").mean(axis=0))


def test_hashed_search_has_no_ranking_of_the_whole_gallery(engine):
    with pytest.raises(BadInput, match="choose exact, hamming or asymmetric"):
        by_count(engine, "hashed", setting())


@pytest.mark.parametrize("size", [1, 2, 39, 59, 9_999, 50_000])
def test_log_counts(size):
    counts = log_counts(size)
    assert counts[0] == 1
    assert counts[-1] == size
    assert (np.diff(counts) > 0).all()
    assert len(counts) <= 40


def test_a_look_up_as_a_row():
    found = RadiusLookup(2, np.array([1.0, 0.0]), np.array([0.5, 0.0]), np.array([3.0, 0.0]))
    row = radius_table(found).iloc[0]
    assert (row["radius"], row["precision"], row["map"], row["returned"]) == (2, 0.5, 0.25, 1.5)
    assert (row["nothing_found"], row["queries"]) == (0.5, 2)
    assert (row["precision_low"], row["precision_high"]) == (0.0, 1.0)  # of two queries, either one alone


def test_precision_and_recall_as_rows():
    found = {"hamming": PrecisionRecall(np.array([0, 1]), np.array([1.0, 0.5]), np.array([0.25, 0.75]))}
    rows = precision_recall_table("radius", found).to_numpy().tolist()
    assert rows == [["hamming", "radius", 0, 1.0, 0.25], ["hamming", "radius", 1, 0.5, 0.75]]
