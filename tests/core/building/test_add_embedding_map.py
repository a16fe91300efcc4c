"""Maps of embeddings: principal components by hand, t-SNE kept in a bundle."""

from __future__ import annotations

import json

import numpy as np
import pytest

from core.building import add_embedding_map
from core.building.add_embedding_map import add_map, pca_map, stored_map, tsne_map, variance_shares
from core.bundle.bundle import load_bundle
from core.errors import BadInput


def test_components_by_hand():
    # along (0, 1, 0): +-3, along (1, 0, 0): +-1; the third column does not vary
    embeddings = np.array([[1, 3, 5], [-1, 3, 5], [1, -3, 5], [-1, -3, 5]], np.float32)
    places = pca_map(embeddings)
    assert places.dtype == np.float32
    np.testing.assert_allclose(places, [[3, 1], [3, -1], [-3, 1], [-3, -1]], atol=1e-6)
    np.testing.assert_allclose(variance_shares(embeddings, places), [0.9, 0.1])


def test_components_are_those_of_a_singular_value_decomposition(monkeypatch):
    monkeypatch.setattr(add_embedding_map, "_BLOCK", 7)  # several blocks
    embeddings = np.random.default_rng(0).normal(size=(40, 6)).astype(np.float32)
    places = pca_map(embeddings)
    u, s, vt = np.linalg.svd(embeddings - embeddings.mean(axis=0), full_matrices=False)
    expected = (u * s)[:, :2]
    signs = np.sign(vt[np.arange(2), np.abs(vt[:2]).argmax(axis=1)])
    np.testing.assert_allclose(places, expected * signs, atol=1e-4)
    np.testing.assert_allclose(variance_shares(embeddings, places), (s**2 / (s**2).sum())[:2], rtol=1e-4)


def test_the_sign_does_not_depend_on_the_order_of_images():
    embeddings = np.random.default_rng(1).normal(size=(30, 5)) * [3, 2, 1, 1, 1]
    order = np.random.default_rng(2).permutation(30)
    np.testing.assert_allclose(pca_map(embeddings)[order], pca_map(embeddings[order]), atol=1e-5)


def test_one_dimension_and_equal_rows():
    places = pca_map(np.array([[1.0], [3.0]]))
    np.testing.assert_allclose(places, [[-1, 0], [1, 0]])
    equal = np.ones((3, 4), np.float32)
    assert not pca_map(equal).any()
    assert variance_shares(equal, pca_map(equal)).tolist() == [0, 0]


def test_tsne_keeps_far_groups_apart_and_repeats():
    rng = np.random.default_rng(0)
    groups = np.repeat([0, 1], 20)
    embeddings = (np.eye(8)[groups] * 10 + rng.normal(size=(40, 8))).astype(np.float32)
    places = tsne_map(embeddings)
    assert (places.dtype, places.shape) == (np.float32, (40, 2))
    distances = np.linalg.norm(places[:, None] - places[None], axis=2)
    np.fill_diagonal(distances, np.inf)
    assert (groups[distances.argmin(axis=1)] == groups).all()
    np.testing.assert_array_equal(places, tsne_map(embeddings))
    assert tsne_map(embeddings[:5, :1]).shape == (5, 2)
    with pytest.raises(BadInput, match="a t-SNE map of 4 images"):
        tsne_map(embeddings[:4])


def test_a_bundle_without_a_map(tiny_bundle):
    assert stored_map(tiny_bundle, "semantic") is None
    with pytest.raises(BadInput, match="nobody"):
        stored_map(tiny_bundle, "nobody")


def test_add_map_keeps_it_and_all_else(make_bundle, monkeypatch):
    bundle = make_bundle()
    add_map(bundle.path, "semantic")
    after = load_bundle(bundle.path, verify=True)
    kept = stored_map(after, "semantic")
    np.testing.assert_array_equal(kept.places, tsne_map(bundle.embeddings("semantic", "test")))
    assert kept.made == "t-SNE (scikit-learn) of the 60 embeddings of 'test', perplexity 19.6667, seed 0"
    entry = dict(after.manifest["encoders"]["semantic"])
    assert entry.pop("map")["shape"] == [60, 2]
    entry.pop("map_made")
    assert {**after.manifest, "encoders": {"semantic": entry}} == bundle.manifest
    monkeypatch.setattr(add_embedding_map, "tsne_map", lambda embeddings, seed: np.full((60, 2), seed, np.float32))
    add_map(bundle.path, "semantic", seed=1)
    again = load_bundle(bundle.path, verify=True)
    assert "seed 1" in stored_map(again, "semantic").made
    assert (stored_map(again, "semantic").places == 1).all()
    old = bundle.path / after.manifest["encoders"]["semantic"]["map"]["parts"][0]["file"]
    assert not old.exists()  # the map that was replaced is gone


def test_a_map_of_embeddings_that_changed_meanwhile_is_not_kept(make_bundle, monkeypatch):
    bundle = make_bundle()
    source = bundle.path / "manifest.json"

    def slow(embeddings, seed):
        manifest = json.loads(source.read_bytes())
        spec = manifest["encoders"]["semantic"]["embeddings"]
        spec["test"]["parts"][0]["sha256"] = "0" * 64
        source.write_text(json.dumps(manifest))
        return np.zeros((60, 2), np.float32)

    monkeypatch.setattr(add_embedding_map, "tsne_map", slow)
    with pytest.raises(BadInput, match="changed while its map was computed"):
        add_map(bundle.path, "semantic")
    assert "map" not in json.loads(source.read_bytes())["encoders"]["semantic"]


@pytest.mark.parametrize(
    ("rows", "columns", "message"), [(59, 2, r"shape \[59, 2\]"), (60, 3, r"shape \[60, 3\]"), (60, 2, "NaN")]
)
def test_a_map_that_does_not_fit_is_refused(make_bundle, rows, columns, message):
    from core.bundle.writer import BundleWriter

    bundle = make_bundle()
    with BundleWriter(bundle.path) as writer:
        entry = dict(bundle.encoder_info("semantic"))
        entry["map"] = writer.add_array(np.full((rows, columns), np.nan, np.float32))
        writer.commit({**bundle.manifest, "encoders": {"semantic": entry}})
    with pytest.raises(BadInput, match=message):
        stored_map(load_bundle(bundle.path), "semantic")
