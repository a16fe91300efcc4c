"""The page 'Your data': arrays that are uploaded become a bundle, or a line says what they lack."""

from __future__ import annotations

import io
import pickle
import shlex

import numpy as np
import pytest

from core.bundle.bundle import load_bundle
from core.bundle.vectors import plain_rows
from core.datasets.arrays import import_arrays
from tests.dashboard.your_data.typed import CODES, LABELS, VECTORS, npy, npz, parquet, press, view


def give(at, **files):
    for key, (name, content) in files.items():
        at.file_uploader(key=f"your_data_{key}").set_value((name, content, "application/octet-stream"))
    return at.run()


def import_button(at):
    return next(button for button in at.button if button.label == "Import and open")


def preview(at):
    return at.dataframe[0].value.set_index("for")


def command(at):
    return shlex.split(next(code.value for code in at.code if code.value.startswith("python -m core import")))


@pytest.fixture
def page(open_app):
    return open_app("your_data")


def test_embeddings_and_labels_are_enough(page):
    assert import_button(page).disabled
    give(page, gallery_embeddings=("g.npy", npy(VECTORS)))
    assert "gallery labels are missing" in page.warning[0].value and import_button(page).disabled
    low, high = np.sort(np.linalg.norm(VECTORS.astype(float), axis=1))[[0, -1]]
    assert tuple(preview(page).loc["Gallery embeddings"]) == (
        "g.npy", "–", "80 × 24", "float32", "–", f"{low:.3g} to {high:.3g}", "✓",
    )  # fmt: skip
    give(page, gallery_labels=("y.npy", npy(LABELS)))
    assert not page.warning and not import_button(page).disabled
    press(page, "Import and open")
    assert not page.exception and not page.error
    bundle = view(page).bundle
    assert (bundle.dataset, bundle.name, bundle.count("gallery")) == ("imported arrays", "my-data", 80)
    np.testing.assert_allclose(
        bundle.embeddings("imported", "gallery"),
        VECTORS / np.linalg.norm(VECTORS, axis=1, keepdims=True),
        atol=1e-6,
    )


def test_inner_products_keep_the_length_and_the_command_says_so(page):
    give(page, gallery_embeddings=("g.npy", npy(VECTORS)), gallery_labels=("y.npy", npy(LABELS)))
    assert "--similarity" not in command(page)
    page.segmented_control(key="your_data_similarity").set_value("inner-product").run()
    assert command(page)[-4:] == ["--similarity", "inner-product", "--out", "my-data"]
    press(page, "Import and open")
    assert not page.exception and not page.error
    bundle = view(page).bundle
    assert bundle.similarity("imported") == "inner-product"
    kept = plain_rows([VECTORS], VECTORS.shape, "vectors")
    assert np.array_equal(bundle.embeddings("imported", "gallery"), kept)


def test_the_new_bundle_is_open_at_its_own_defaults_on_every_page(open_app):
    page = open_app("your_data", {"hash": "pca-sign", "bits": "8", "protocol": "test-vs-train", "k": "140"})
    give(page, gallery_embeddings=("g.npy", npy(VECTORS)), gallery_labels=("y.npy", npy(LABELS)))
    press(page, "Import and open")
    setting = view(page).setting
    assert (setting.encoder, setting.hash, setting.bits) == ("imported", "itq", 24)
    assert (setting.protocol, setting.hierarchy, view(page).k) == ("leave-one-out", "imported", 79)
    page.switch_page("dashboard/overview/page.py").run()
    assert not page.exception and not page.error
    assert "imported arrays" in page.main.caption[0].value


def test_queries_codes_names_and_tree(page):
    tree = "all animal\nall plant\nanimal cat\nanimal dog\nplant oak\nplant elm\n"
    give(
        page,
        gallery_embeddings=("g.npy", npy(VECTORS)),
        gallery_labels=("y.npy", npy(LABELS)),
        gallery_codes=("c.npy", npy(CODES)),
        query_embeddings=("q.npz", npz(embeddings=VECTORS[:20], labels=LABELS[:20], codes=CODES[:20])),
        class_names=("names.txt", b"cat\ndog\noak\nelm\n"),
        hierarchy_file=("tree.txt", tree.encode()),
    )
    assert not page.warning
    assert preview(page).loc["Query codes", "file"] == "q.npz"
    assert preview(page).loc["Query labels", ["shape", "classes"]].tolist() == ["20", "4"]
    bits = page.number_input[0]
    assert (bits.min, bits.max, bits.value) == (9, 16, 16)
    bits.set_value(12).run()
    press(page, "Import and open")
    assert not page.exception and not page.error
    setting, bundle = view(page).setting, view(page).bundle
    assert (setting.hash, setting.bits, setting.protocol) == ("imported", 12, "queries-vs-gallery")
    assert bundle.class_names == ("cat", "dog", "oak", "elm")
    assert bundle.hierarchy("imported").similarity()[0].tolist() == [1, 0.5, 0, 0]
    assert (bundle.labels("queries") == LABELS[:20]).all()


def test_back_at_the_first_bundle_its_defaults_return(page, tiny_bundle):
    give(page, gallery_embeddings=("g.npy", npy(VECTORS)), gallery_labels=("y.npy", npy(LABELS)))
    press(page, "Import and open")
    page.selectbox(key="bundle_path").set_value(str(tiny_bundle.path)).run()
    assert not page.exception
    setting = view(page).setting
    assert (setting.encoder, setting.protocol, setting.hierarchy) == ("semantic", "test-vs-test", "wordnet")
    assert setting.hash == "itq" and setting.bits == 16  # it has that hash, at its own lengths


def test_a_sorted_gallery_draws_the_warning_and_shuffling_mends_it(page):
    order = np.argsort(LABELS, kind="stable")
    give(page, gallery_embeddings=("g.npy", npy(VECTORS[order])), gallery_labels=("y.npy", npy(LABELS[order])))
    press(page, "Import and open")
    assert "sorted by label" in page.warning[0].value and "tick 'Shuffle" in page.warning[0].value
    page.checkbox[0].check().run()
    press(page, "Import and open")
    assert not page.warning
    bundle = view(page).bundle
    assert bundle.name.startswith("my-data-")  # the first one keeps its name
    assert (bundle.labels("gallery") == LABELS[order][bundle.original_rows("gallery")]).all()


def test_a_pickle_is_refused_and_never_loaded(page):
    class Bomb:
        def __reduce__(self):
            return (pytest.fail, ("loaded",))

    give(page, gallery_embeddings=("g.npy", npy(VECTORS)), gallery_labels=("y.npy", pickle.dumps(Bomb())))
    assert not page.exception
    assert "'y.npy'" in page.warning[0].value and import_button(page).disabled
    objects = io.BytesIO()
    np.save(objects, np.array([{}], dtype=object), allow_pickle=True)
    give(page, gallery_labels=("y.npy", objects.getvalue()))
    assert "never loaded" in page.warning[0].value


def test_what_only_the_import_finds_is_said_in_place(page):
    bad = np.tile(VECTORS, (13, 1))
    bad[1007, 0] = np.nan
    give(page, gallery_embeddings=("g.npy", npy(bad)), gallery_labels=("y.npy", npy(np.tile(LABELS, 13))))
    assert not page.warning  # the preview looks at 1,000 rows
    press(page, "Import and open")
    assert "row 1007" in page.error[0].value and not page.exception
    assert view(page).bundle.dataset == "Tiny"
    assert "Open a bundle folder" in [header.value for header in page.subheader]  # the page goes on


def test_a_file_that_is_taken_away_is_forgotten(page):
    give(page, gallery_embeddings=("g.npy", npy(VECTORS)), gallery_labels=("y.npy", npy(LABELS)))
    page.file_uploader(key="your_data_gallery_labels").set_value(None)
    page.run()
    assert "gallery labels are missing" in page.warning[0].value


def test_a_hubs_parquet_is_split_and_its_column_chosen(page, tmp_path):
    content = parquet(
        image=[b"png"] * 80, clip=list(VECTORS), dino=list(-VECTORS[:, :8]),
        label=[("cat", "dog", "oak", "elm")[label] for label in LABELS],
        split=["test" if row % 4 == 3 else "train" for row in range(80)],
    )  # fmt: skip
    give(page, gallery_embeddings=("hub.parquet", content))
    assert "2 of them fit (clip, dino): choose one under 'Columns'" in page.warning[0].value
    assert import_button(page).disabled
    column, split = (page.selectbox(key=f"your_data_column_{key}") for key in ("embeddings_clip_dino", "split_split"))
    column.set_value("dino").run()
    assert not page.warning and not page.exception
    split.set_value("split").run()
    assert preview(page)["shape"].to_dict() == {
        "Gallery embeddings": "60 × 8", "Gallery labels": "60", "Query embeddings": "20 × 8", "Query labels": "20",
    }  # fmt: skip
    assert "20 queries are of a class that the gallery does not have" in " ".join(c.value for c in page.caption)
    assert command(page)[4:] == [
        "--gallery-embeddings", "hub.parquet", "--embeddings-column", "dino", "--labels-column", "label",
        "--split-column", "split", "--gallery-split", "train", "--query-split", "test", "--out", "my-data",
    ]  # fmt: skip
    press(page, "Import and open")
    assert not page.exception and not page.error
    bundle = view(page).bundle
    assert (bundle.count("gallery"), bundle.count("queries")) == (60, 20)
    assert bundle.class_names == ("cat", "dog", "elm", "oak")
    assert set(bundle.labels("queries")) == {2}


def test_labels_of_a_csv(page):
    lines = "id,label\n" + "".join(f"{row},{label}\n" for row, label in enumerate(LABELS))
    give(page, gallery_embeddings=("g.npy", npy(VECTORS)), gallery_labels=("y.csv", lines.encode()))
    assert not page.warning and preview(page).loc["Gallery labels", "column"] == "label"
    press(page, "Import and open")
    assert (view(page).bundle.labels("gallery") == LABELS).all()


def test_the_command_makes_the_same_bundle(page, tmp_path):
    give(page, gallery_embeddings=("g.npy", npy(VECTORS)), gallery_labels=("y.npy", npy(LABELS)))
    assert command(page) == [
        "python", "-m", "core", "import", "--gallery-embeddings", "g.npy", "--gallery-labels", "y.npy",
        "--out", "my-data",
    ]  # fmt: skip
    press(page, "Import and open")
    import_arrays(tmp_path / "same", VECTORS, LABELS)
    assert load_bundle(tmp_path / "same").version == view(page).bundle.version
