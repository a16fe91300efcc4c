from __future__ import annotations

import numpy as np
import pytest

from core.building.fit_hashes import fit_hashes
from core.errors import BadInput

WANTED = [("itq", 16), ("spectral", 8), ("itq", 8)]


def test_the_same_methods_in_order_from_one_process_or_two(make_bundle):
    bundle = make_bundle()
    alone, beside = (list(fit_hashes(bundle.path, "semantic", WANTED, 1, jobs)) for jobs in (1, 2))
    assert [(fitted.method.name, fitted.method.bits) for fitted in beside] == WANTED
    features = bundle.embeddings("semantic", "test")
    for one, other in zip(alone, beside, strict=True):
        assert one.seconds > 0 and other.seconds > 0
        np.testing.assert_array_equal(one.method.encode(features), other.method.encode(features))


def test_an_error_of_a_process_comes_back(make_bundle):
    with pytest.raises(BadInput, match="itq"):
        list(fit_hashes(make_bundle().path, "semantic", [("itq", 120), ("itq", 8)], 0, 2))
