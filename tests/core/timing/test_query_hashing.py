from __future__ import annotations

import numpy as np
import pytest

from core.engine.engine import Engine
from core.hashing.packing import unpack
from core.settings import Setting
from core.timing.query_hashing import query_hash
from tests.core.fakes import FakeBundle
from tests.core.hashing.class_data import unfitted


@pytest.fixture(scope="module")
def engine(tiny_bundle):
    return Engine(tiny_bundle, 1)


@pytest.mark.parametrize(
    ("name", "bits"), [("random-hyperplane", 8), ("random-hyperplane", 72), ("itq", 8), ("pca-sign", 16)]
)
def test_gives_the_codes_that_are_searched(engine, name, bits):
    setting = Setting("semantic", name, bits, "2", "test-vs-test", "wordnet")
    task, codes = engine.at(setting).task, engine.at(setting).codes
    hasher = query_hash(engine, setting)
    np.testing.assert_array_equal(hasher.many(task.queries), codes.query_words)
    one = np.stack([hasher.one(query).copy() for query in task.queries], axis=1)
    np.testing.assert_array_equal(one, codes.query_words)
    np.testing.assert_array_equal(hasher.signs(task.queries), unpack(codes.queries.packed, codes.bits))
    assert not any(array.flags.writeable for array in hasher.linear)  # or each kernel is compiled twice


@pytest.mark.parametrize(("name", "bits"), [("latent-sigmoid", 16), ("random-codes", 16), ("predicted-class", 4)])
def test_none_where_the_code_does_not_follow_from_the_embedding(engine, name, bits):
    assert query_hash(engine, Setting("semantic", name, bits, "2", "test-vs-test", "wordnet")) is None


@pytest.mark.parametrize(("name", "bits"), [("csq", 16), ("nested", 72), ("fourier-hashnet", 16)])
def test_heads_give_the_codes_that_are_searched(name, bits):
    plain = FakeBundle()
    method = unfitted(name, 128 if name == "nested" else bits, steps=5)
    method.fit(plain.embeddings("semantic", "train"), plain.labels("train"))
    stored = [{"hash": name, "bits": method.bits, "codes": {}, "head": method.state()}]
    engine = Engine(FakeBundle(stored=stored), 1)
    setting = Setting("semantic", name, bits, "2", "test-vs-train", "toy")
    task, codes = engine.at(setting).task, engine.at(setting).codes
    hasher = query_hash(engine, setting)
    np.testing.assert_array_equal(hasher.many(task.queries), codes.query_words)
    one = np.stack([hasher.one(query).copy() for query in task.queries], axis=1)
    np.testing.assert_array_equal(one, codes.query_words)
