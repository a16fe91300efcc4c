"""What every learned hash keeps to, whatever its loss."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from threadpoolctl import threadpool_limits

from core.errors import BadInput
from core.hashing.packing import check_codes, unpack
from core.hashing.random_hyperplane import RandomHyperplane
from core.hashing.registry import HASHES
from tests.core.hashing.class_data import SIMILARITY, class_data, fitted, hamming_ap, unfitted

LEARNED = [name for name, info in HASHES.items() if info.slow_fit]
SUPERVISED = [name for name in LEARNED if HASHES[name].needs_labels]


@pytest.fixture(scope="module")
def methods():
    """Each method at 24 bits, fitted once."""
    made = {}

    def get(name):
        if name not in made:
            made[name] = fitted(name, 24)
        return made[name]

    return get


def fit_by(name, X, y, bits=8):
    needs = HASHES[name].needs_similarity
    return unfitted(name, bits, steps=5).fit(X, y, **({"similarity": SIMILARITY} if needs else {}))


@pytest.mark.parametrize("name", LEARNED)
def test_ranks_unseen_items_better_than_random_planes(methods, name):
    gallery, queries = class_data(), class_data(400, seed=1)
    plain = hamming_ap(RandomHyperplane(24).fit(gallery[0]), gallery, queries)
    assert hamming_ap(methods(name), gallery, queries) > plain + 0.05


@pytest.mark.parametrize("name", LEARNED)
def test_codes_are_the_signs_and_well_formed(methods, name):
    X, _ = class_data(300, seed=2)
    method = methods(name)
    assert method.name == name
    codes, values = method.encode(X), method.project(X)
    check_codes(codes, 24)
    assert (values.dtype, values.shape) == (np.float32, (300, 24))
    np.testing.assert_array_equal(unpack(codes, 24), values > 0)
    spread = unpack(codes, 24).mean(axis=0)
    assert ((spread > 0) & (spread < 1)).all()  # no bit is the same for all


@pytest.mark.parametrize("name", LEARNED)
def test_state_gives_the_same_codes(methods, name):
    X, _ = class_data(300, seed=2)
    method = methods(name)
    state = method.state()
    assert all(array.dtype == np.float32 for array in state.values())
    again = type(method).from_state(state)
    assert (again.name, again.bits) == (name, 24)
    np.testing.assert_array_equal(again.project(X), method.project(X))
    np.testing.assert_array_equal(again.project_queries(X), method.project_queries(X))


@pytest.mark.parametrize("name", LEARNED)
def test_a_fit_depends_on_the_seed_alone(name):
    X, _ = class_data(300, seed=2)
    before = torch.get_num_threads()
    first = fitted(name, 8, seed=3, steps=8)
    torch.manual_seed(1)
    with threadpool_limits(2):
        torch.set_num_threads(2)
        again = fitted(name, 8, seed=3, steps=8)
        assert torch.get_num_threads() == 2  # given back
        torch.set_num_threads(before)
    for key, array in first.state().items():
        np.testing.assert_array_equal(array, again.state()[key])
    other = fitted(name, 8, seed=4, steps=8)
    assert (first.encode(X) != other.encode(X)).any()


@pytest.mark.parametrize("name", LEARNED)
def test_a_code_does_not_depend_on_what_is_encoded_with_it(methods, name):
    X, _ = class_data(3000, seed=2)
    whole = methods(name).encode(X)
    with threadpool_limits(1):
        np.testing.assert_array_equal(methods(name).encode(X[:7]), whole[:7])
        np.testing.assert_array_equal(methods(name).encode(X[2990:]), whole[2990:])


@pytest.mark.parametrize("name", LEARNED)
def test_few_rows_are_enough(name):
    X, y = class_data(6)
    assert fit_by(name, X, y).encode(X).shape == (6, 1)


@pytest.mark.parametrize("name", SUPERVISED)
def test_missing_labels_and_one_class_name_a_method_that_would_do(name):
    X, y = class_data(40)
    more = {"similarity": SIMILARITY} if HASHES[name].needs_similarity else {}
    with pytest.raises(BadInput, match=rf"{name} learns from labels.*itq"):
        unfitted(name, 8).fit(X, **more)
    with pytest.raises(BadInput, match=rf"all 40 rows are of class 3.*{name}.*itq"):
        unfitted(name, 8).fit(X, np.full(40, 3), **more)
    with pytest.raises(BadInput, match="expected 40 whole numbers"):
        unfitted(name, 8).fit(X, y[:39], **more)
    with pytest.raises(BadInput, match="expected 40 whole numbers"):
        unfitted(name, 8).fit(X, y.astype(float), **more)
    with pytest.raises(BadInput, match="label -1"):
        unfitted(name, 8).fit(X, y - 1, **more)


@pytest.mark.parametrize("name", LEARNED)
def test_features_that_cannot_be_hashed_are_refused(name):
    X, y = class_data(40)
    with pytest.raises(BadInput, match=rf"constant: {name} .*random-codes"):
        fit_by(name, np.ones_like(X), y)
    with pytest.raises(BadInput, match="at least 2"):
        fit_by(name, X[:1], y[:1])
    X[5, 3] = np.nan
    with pytest.raises(BadInput, match="row 5"):
        fit_by(name, X, y)


@pytest.mark.parametrize("name", LEARNED)
def test_features_of_other_dimensions_are_refused(methods, name):
    with pytest.raises(BadInput, match=f"23 dimensions: {name} was fitted on 24"):
        methods(name).encode(np.ones((2, 23), np.float32))


@pytest.mark.parametrize("name", LEARNED)
def test_an_unfitted_method_says_so(name):
    with pytest.raises(RuntimeError, match="fit first"):
        unfitted(name, 8).encode(np.ones((2, 3), np.float32))


@pytest.mark.parametrize("name", SUPERVISED)
def test_a_head_that_does_not_fit_is_refused(methods, name):
    state = methods(name).state()
    cls = type(methods(name))
    with pytest.raises(BadInput, match=f"{name} has no 'output'"):
        cls.from_state({key: array for key, array in state.items() if key != "output"})
    with pytest.raises(BadInput, match="does not fit"):
        cls.from_state({**state, "output": state["output"][:-1]})
    with pytest.raises(BadInput, match="NaN"):
        cls.from_state({**state, "mean": np.full_like(state["mean"], np.nan)})


@pytest.mark.parametrize("name", ["csq", "orthohash", "semantic-centres"])
def test_fewer_codes_than_classes_are_refused(name):
    X, y = class_data(100)
    with pytest.raises(BadInput, match=r"20 classes .* expected 5 bits or more, or use greedyhash"):
        fit_by(name, X, y, bits=4)
    assert fit_by(name, X, y, bits=5).bits == 5


@pytest.mark.parametrize("name", [name for name in LEARNED if HASHES[name].needs_similarity])
def test_similarities_are_checked(name):
    X, y = class_data(40)
    for similarity, message in (
        (None, "class similarities, as a class tree gives them: use csq"),
        (SIMILARITY[:10, :10], "for 20 classes or more"),
        (SIMILARITY + np.triu(np.ones((20, 20)), 1), "not symmetric"),
        (np.full((20, 20), np.nan), "NaN"),
    ):
        with pytest.raises(BadInput, match=message):
            unfitted(name, 8).fit(X, y, similarity)


@pytest.mark.parametrize("name", SUPERVISED)
def test_labels_may_have_gaps(name):
    X, y = class_data(60)
    some = y % 2 == 0
    method = fit_by(name, X[some], y[some])
    assert len(method.encode(X)) == 60
