from __future__ import annotations

from dataclasses import replace

import pytest

from core.engine.nearest_setting import nearest_option, nearest_setting
from core.settings import KEEP, LEAVE_OUT, Setting

OWN = Setting("semantic", "latent-sigmoid", 16, "2", "test-vs-test", "wordnet")


@pytest.mark.parametrize(
    ("value", "options", "expected"),
    [
        (48, [8, 16], 16),
        ("33", [8, 32, 40], 32),
        ("abc", [8, 16], 16),
        ("nan", [8, 16], 16),
        ("inf", [8, 16], 16),
        ("5", ["1", "2.5", "all"], "2.5"),
        ("x", ["a", "b"], "b"),
        (None, ["a", "b"], "b"),
    ],
)
def test_nearest_option(value, options, expected):
    default = options[1]
    assert nearest_option(value, options, default) == expected


def test_what_a_bundle_has_stays(tiny_bundle):
    assert nearest_setting(tiny_bundle, OWN) == OWN


def test_what_a_bundle_lacks_is_its_default_and_lengths_go_to_the_nearest(tiny_bundle):
    asked = Setting("no-such", "no-such", 15, "5", "no-such", "no-such", seed=3)
    found, defaults = nearest_setting(tiny_bundle, asked), tiny_bundle.defaults
    assert (found.encoder, found.hash) == (defaults["encoder"], defaults["hash"])
    assert (found.protocol, found.hierarchy) == (defaults["protocol"], defaults["hierarchy"])
    assert (found.bits, found.multiplier, found.seed) == (16, "5", 3)
    assert nearest_setting(tiny_bundle, replace(OWN, hash="predicted-class")).bits == 4


def test_near_duplicates_stay_where_none_are_known(tiny_bundle):
    assert nearest_setting(tiny_bundle, replace(OWN, near_duplicates=LEAVE_OUT)).near_duplicates == KEEP
