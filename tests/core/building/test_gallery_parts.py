"""What is loaded of a bundle, and under which names."""

from __future__ import annotations

import numpy as np
import pytest

from core.building.gallery_parts import all_parts, choose_parts, gallery_parts
from core.engine.engine import Engine
from core.errors import BadInput


def chosen(bundle, *arguments, **options):
    notes = []
    return choose_parts(bundle, notes.append, *arguments, **options), notes


def test_defaults_are_the_bundles_own(tiny_bundle):
    asked, notes = chosen(tiny_bundle)
    assert [setting.protocol for setting in asked.galleries] == list(tiny_bundle.protocols)
    assert asked.codes == ((tiny_bundle.defaults["hash"], tiny_bundle.defaults["bits"]),)
    assert notes == []


def test_protocols_that_search_the_same_gallery_share_its_collections(tiny_bundle):
    asked, _ = chosen(tiny_bundle, hashes=["itq", "predicted-class"], bits=[8, 16])
    assert asked.codes == (("itq", 8), ("itq", 16), ("predicted-class", 4))
    parts = list(all_parts(Engine(tiny_bundle, 1), asked))
    labels = ["", " itq 8", " itq 16", " predicted-class 4"]
    assert [part.label for part in parts] == [f"semantic {s}{label}" for s in ("test", "train") for label in labels]
    assert len({part.collection.name for part in parts}) == len(parts)
    for part in parts:
        count = tiny_bundle.count(part.label.split()[1])
        assert part.collection.count == count
        width = part.collection.width if part.collection.kind == "vectors" else part.collection.width // 8
        assert part.rows.shape == (count, width)


def test_rows_are_those_that_are_searched(tiny_bundle):
    asked, _ = chosen(tiny_bundle, hashes=["itq"], bits=[16], protocols=["test-vs-train"])
    engine = Engine(tiny_bundle, 1)
    vectors, codes = gallery_parts(engine, asked.galleries[0], asked.codes)
    at = engine.at(asked.galleries[0])
    np.testing.assert_array_equal(vectors.rows, at.task.gallery)
    assert (codes.rows.dtype, codes.collection.kind, codes.collection.width) == (np.uint8, "codes", 16)
    assert codes.label == "semantic train itq 16"


def test_another_seed_has_codes_of_its_own(tiny_bundle):
    engine = Engine(tiny_bundle, 1)
    names = {}
    for seed in (0, 1):
        asked, _ = chosen(tiny_bundle, hashes=["random-hyperplane"], bits=[16], protocols=["test-vs-test"], seed=seed)
        names[seed] = [part.collection.name for part in all_parts(engine, asked)]
    assert names[0][0] == names[1][0]
    assert names[0][1] != names[1][1]


def test_what_no_engine_compares_is_left_out_with_a_note(tiny_bundle):
    asked, notes = chosen(tiny_bundle, hashes=["pq", "kmeans", "itq"], bits=[16, 128], protocols=["test-vs-test"])
    assert asked.codes == (("itq", 16),)
    assert [note.split(":")[0].split(", which")[0] for note in notes] == [
        "hash 'pq' is compared by squared distance by look-up",
        "hash 'kmeans' is compared by place of the cell",
        "hash 'itq' cannot have 128 bits here",
    ]
    asked, notes = chosen(tiny_bundle, hashes=["pq"], bits=[16])
    assert asked.codes == ()
    assert len(notes) == 1


def test_all_hashes_are_those_that_are_compared_by_hamming_distance(tiny_bundle):
    asked, notes = chosen(tiny_bundle, hashes=["all"], bits=[16])
    assert {"itq", "pca-sign", "random-hyperplane", "latent-sigmoid", "random-codes"} <= {
        name for name, _ in asked.codes
    }
    assert any("'pq'" in note for note in notes)


def test_near_duplicates_are_left_out_where_they_can_be(doubled_bundle):
    asked, notes = chosen(doubled_bundle, near_duplicates="leave-out")
    left = {setting.protocol for setting in asked.galleries}
    assert left == {"test-vs-test", "test-vs-train"}
    assert notes == [
        "near-duplicates cannot be left out under protocol 'test-vs-test-with-self': its gallery is not loaded"
    ] * ("test-vs-test-with-self" in doubled_bundle.protocols)
    sizes = [part.collection.count for part in all_parts(Engine(doubled_bundle, 1), asked)]
    assert sizes == [57, 57, 148, 148]


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"encoder": "semantik"}, "unknown encoder 'semantik'"),
        ({"hashes": ["itk"]}, "unknown hash 'itk'"),
        ({"hashes": ["itq"], "bits": [7, 9]}, r"bits 7, 9: no length that itq can make"),
        ({"protocols": ["queries-vs-gallery"]}, "unknown protocol 'queries-vs-gallery'"),
        ({"protocols": ["test-vs-test"], "near_duplicates": "leave-out"}, "holds no near-duplicates"),
        ({"near_duplicates": "leave-out"}, "holds no near-duplicates"),
    ],
)
def test_what_cannot_be_loaded_is_refused(tiny_bundle, options, words):
    with pytest.raises(BadInput, match=words):
        chosen(tiny_bundle, **options)
