from __future__ import annotations

import numpy as np
import pytest

from core.engine.engine import Engine
from core.errors import BadInput
from core.hashing.packing import to_words
from core.scale import measure as module
from core.scale import trial as trials
from core.scale.curves import Plan, measure
from core.scale.measure import Effort, time_batch, time_queries
from core.scale.points import EXACT_SIDES
from core.scale.subject import Subject
from core.scale.trial import plain_exact
from core.search.exact import rank_exact
from core.settings import Setting

EFFORT = Effort((2, 3), 0.0, 1, 0.0)


@pytest.fixture(scope="module")
def subject(tiny_bundle):
    return Subject(Engine(tiny_bundle), Setting("semantic", "itq", 16, "2", "test-vs-test", "wordnet"), 12)


@pytest.fixture
def world(subject):
    gallery = subject.rows(400)
    return subject.trial(gallery), subject.coded(16, to_words(subject.method(16).encode(gallery)))


def test_one_query(world):
    points = time_queries(*world, "n", 10, "1.5", (*EXACT_SIDES, "hashed"), EFFORT)
    assert [point.side for point in points if point.work == "query"] == [*EXACT_SIDES, "hashed"]
    assert all(point.equal and point.runs == 2 and point.median_ms > 0 for point in points)
    hashed = next(point for point in points if point.side == "hashed")
    assert (hashed.bits, hashed.multiplier, hashed.shortlist, hashed.batch, hashed.threads) == (16, "1.5", 15, 1, 1)
    exact = points[0]
    assert (exact.n, exact.dimensions, exact.bits, exact.multiplier, exact.shortlist) == (400, 16, None, "", None)
    stages = [point.work for point in points if point.work.startswith("query:")]
    assert stages == ["query:hash", "query:scan and select", "query:gather and re-rank"]


def test_a_batch_and_its_quality(world, tiny_bundle):
    points = time_batch(*world, 20, "20", 2, tiny_bundle.hierarchy("wordnet"), EFFORT)
    by_side = {point.side: point for point in points}
    assert list(by_side) == ["exact-faiss", "exact-chunked", "hashed", "exact-chunked and hashed"]
    assert all(point.equal and point.batch == 12 and point.threads == 2 for point in points)
    exact, hashed = by_side["exact-chunked"], by_side["hashed"]
    assert exact.overlap == hashed.overlap == 1.0  # the shortlist is the whole gallery
    trial = world[0]
    ids = rank_exact(trial.queries, trial.gallery, 20)[0]
    hits = trial.labels[ids] == trial.query_labels[:, None]
    precisions = hits * np.cumsum(hits, axis=1) / np.arange(1, 21)
    assert exact.ap == pytest.approx((precisions.sum(axis=1) / 20).mean())  # every class has 40 items


def test_faiss_answers_no_batch_of_a_gallery_too_large_for_it(world, tiny_bundle, monkeypatch):
    monkeypatch.setattr(trials, "FAISS_BATCH", 399)
    points = time_batch(*world, 20, "2", 1, tiny_bundle.hierarchy("wordnet"), EFFORT)
    assert [point.side for point in points] == ["exact-chunked", "hashed", "exact-chunked and hashed"]


def test_a_wrong_result_is_told(world, monkeypatch):
    monkeypatch.setattr(module, "hashed_side", lambda *a: lambda q: (np.zeros(10, np.int32), {"scan": 1}))
    assert not any(point.equal for point in time_queries(*world, "n", 10, "2", ("hashed",), EFFORT))
    monkeypatch.setattr(
        module, "batch_sides",
        lambda *a: {name: lambda: np.zeros((12, 10), np.int32) for name in ("exact-faiss", "exact-chunked", "hashed")},
    )  # fmt: skip
    hierarchy = type("Flat", (), {"similarity": lambda self: np.eye(10)})()
    assert not any(point.equal for point in time_batch(*world, 10, "2", 1, hierarchy, EFFORT))


def test_the_plain_search_in_parts(world, monkeypatch):
    monkeypatch.setattr(trials, "_PLAIN", 70)
    trial = world[0]
    expected = rank_exact(trial.queries, trial.gallery, 90)[0]
    assert np.array_equal(plain_exact(trial, slice(0, 12), 90), expected)


def test_plan():
    plan = Plan((100_000, 3_000_000), 48, "2", 100, (8, 48), 2, EFFORT)
    assert plan.counts == [10_000, 30_000, 100_000, 300_000, 1_000_000, 3_000_000]
    assert plan.others_at == 100_000
    steps = list(plan.steps())
    assert [step[2] for step in steps if step[:2] == ("n", "query")] == plan.counts
    assert [step[2] for step in steps if step[1] == "batch"] == plan.counts
    assert [step[3] for step in steps if step[0] == "bits"] == [8, 48]
    assert Plan((500,), 48, "2", 100, (), 2, EFFORT).counts == [500]
    assert [s[5] for s in Plan((500,), 48, "2", 100, (), 2, EFFORT).steps() if s[0] == "k"] == [10, 50, 100, 250, 500]


def test_all_items_are_no_shortlist_to_time(tiny_bundle):
    setting = Setting("semantic", "itq", 16, "all", "test-vs-test", "wordnet")
    with pytest.raises(BadInput, match="multiplier 'all'"):
        Subject(Engine(tiny_bundle), setting, 12).plan([150], 10)


@pytest.mark.slow
def test_points_are_kept_after_each_size(world, subject, tiny_bundle):
    kept = []
    plan = Plan((150, 300), 16, "2", 10, (8,), 1, EFFORT)
    trial, hierarchy = world[0], tiny_bundle.hierarchy("wordnet")

    def of(bits, count):
        return subject.coded(bits, to_words(subject.method(bits).encode(trial.gallery[:count])))

    points = measure(plan, trial.first(300), of, hierarchy, keep=lambda so_far: kept.append(len(so_far)))
    assert kept == sorted(set(kept))
    assert kept[0] == sum(point.curve == "n" and point.n == 150 for point in points)
    assert kept[-1] == len(points)
    assert len(kept) == 5  # two sizes, and the curves of bits, multiplier and k


@pytest.mark.slow
def test_all_curves(subject, tiny_bundle):
    heard = []
    plan = subject.plan([150, 300], 10, 1, EFFORT)
    points = subject.measure_in_memory(plan, lambda done, total, what: heard.append((done, total, what)))
    assert {point.curve for point in points} == {"n", "bits", "multiplier", "k"}
    assert all(point.equal for point in points)
    assert heard[-1] == (len(heard) - 1, len(heard) - 1, "done")
    assert {point.bits for point in points if point.curve == "bits"} == {8, 16}  # itq has as many as dimensions
