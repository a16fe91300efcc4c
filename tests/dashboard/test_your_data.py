from __future__ import annotations

import io
import pickle
import shlex
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from core.bundle import load_bundle
from core.datasets.array_columns import Columns
from core.datasets.array_files import array_names
from core.datasets.arrays import import_arrays
from core.errors import BadInput
from dashboard import import_preview, imports, uploads
from dashboard.uploads import ROLES

RNG = np.random.default_rng(0)
LABELS = np.arange(80) % 4
VECTORS = RNG.normal(size=(80, 24)).astype(np.float32) + 2 * np.eye(24, dtype=np.float32)[LABELS]
CODES = np.packbits(VECTORS[:, :12] > 0, axis=1)


def npy(array) -> bytes:
    buffer = io.BytesIO()
    np.save(buffer, array, allow_pickle=False)
    return buffer.getvalue()


def npz(**arrays) -> bytes:
    buffer = io.BytesIO()
    np.savez(buffer, **arrays)
    return buffer.getvalue()


def parquet(**columns) -> bytes:
    return pd.DataFrame(columns).to_parquet(index=False)


def save(folder, key, name, content):
    return uploads.save_upload(folder, ROLES[key], name, io.BytesIO(content))


def look(**given):
    return import_preview.preview_files(given, Columns())


def give(at, **files):
    for key, (name, content) in files.items():
        at.file_uploader(key=f"your_data_{key}").set_value((name, content, "application/octet-stream"))
    return at.run()


def press(at, label):
    return next(button for button in at.button if button.label == label).click().run()


def import_button(at):
    return next(button for button in at.button if button.label == "Import and open")


def view(at):
    return at.session_state["_view"]


def preview(at):
    return at.dataframe[0].value.set_index("for")


def command(at):
    return shlex.split(next(code.value for code in at.code if code.value.startswith("python -m core import")))


@pytest.fixture
def page(open_app):
    return open_app("your_data")


class TestUpload:
    def test_embeddings_and_labels_are_enough(self, page):
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

    def test_inner_products_keep_the_length_and_the_command_says_so(self, page):
        give(page, gallery_embeddings=("g.npy", npy(VECTORS)), gallery_labels=("y.npy", npy(LABELS)))
        assert "--similarity" not in command(page)
        page.segmented_control(key="your_data_similarity").set_value("inner-product").run()
        assert command(page)[-4:] == ["--similarity", "inner-product", "--out", "my-data"]
        press(page, "Import and open")
        assert not page.exception and not page.error
        bundle = view(page).bundle
        assert bundle.similarity("imported") == "inner-product"
        assert (bundle.embeddings("imported", "gallery") == VECTORS).all()

    def test_the_new_bundle_is_open_at_its_own_defaults_on_every_page(self, open_app):
        page = open_app("your_data", {"hash": "pca-sign", "bits": "8", "protocol": "test-vs-train", "k": "140"})
        give(page, gallery_embeddings=("g.npy", npy(VECTORS)), gallery_labels=("y.npy", npy(LABELS)))
        press(page, "Import and open")
        setting = view(page).setting
        assert (setting.encoder, setting.hash, setting.bits) == ("imported", "itq", 24)
        assert (setting.protocol, setting.hierarchy, view(page).k) == ("leave-one-out", "imported", 79)
        page.switch_page("dashboard/overview.py").run()
        assert not page.exception and not page.error
        assert "imported arrays" in page.main.caption[0].value

    def test_queries_codes_names_and_tree(self, page):
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

    def test_back_at_the_first_bundle_its_defaults_return(self, page, tiny_bundle):
        give(page, gallery_embeddings=("g.npy", npy(VECTORS)), gallery_labels=("y.npy", npy(LABELS)))
        press(page, "Import and open")
        page.selectbox(key="bundle_path").set_value(str(tiny_bundle.path)).run()
        assert not page.exception
        setting = view(page).setting
        assert (setting.encoder, setting.protocol, setting.hierarchy) == ("semantic", "test-vs-test", "wordnet")
        assert setting.hash == "itq" and setting.bits == 16  # it has that hash, at its own lengths

    def test_a_sorted_gallery_draws_the_warning_and_shuffling_mends_it(self, page):
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

    def test_a_pickle_is_refused_and_never_loaded(self, page):
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

    def test_what_only_the_import_finds_is_said_in_place(self, page):
        bad = np.tile(VECTORS, (13, 1))
        bad[1007, 0] = np.nan
        give(page, gallery_embeddings=("g.npy", npy(bad)), gallery_labels=("y.npy", npy(np.tile(LABELS, 13))))
        assert not page.warning  # the preview looks at 1,000 rows
        press(page, "Import and open")
        assert "row 1007" in page.error[0].value and not page.exception
        assert view(page).bundle.dataset == "Tiny"
        assert "Open a bundle folder" in [header.value for header in page.subheader]  # the page goes on

    def test_a_file_that_is_taken_away_is_forgotten(self, page):
        give(page, gallery_embeddings=("g.npy", npy(VECTORS)), gallery_labels=("y.npy", npy(LABELS)))
        page.file_uploader(key="your_data_gallery_labels").set_value(None)
        page.run()
        assert "gallery labels are missing" in page.warning[0].value

    def test_a_hubs_parquet_is_split_and_its_column_chosen(self, page, tmp_path):
        content = parquet(
            image=[b"png"] * 80, clip=list(VECTORS), dino=list(-VECTORS[:, :8]),
            label=[("cat", "dog", "oak", "elm")[label] for label in LABELS],
            split=["test" if row % 4 == 3 else "train" for row in range(80)],
        )  # fmt: skip
        give(page, gallery_embeddings=("hub.parquet", content))
        assert "2 of them fit (clip, dino): choose one under 'Columns'" in page.warning[0].value
        assert import_button(page).disabled
        column, split = (
            page.selectbox(key=f"your_data_column_{key}") for key in ("embeddings_clip_dino", "split_split")
        )
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

    def test_labels_of_a_csv(self, page):
        lines = "id,label\n" + "".join(f"{row},{label}\n" for row, label in enumerate(LABELS))
        give(page, gallery_embeddings=("g.npy", npy(VECTORS)), gallery_labels=("y.csv", lines.encode()))
        assert not page.warning and preview(page).loc["Gallery labels", "column"] == "label"
        press(page, "Import and open")
        assert (view(page).bundle.labels("gallery") == LABELS).all()

    def test_the_command_makes_the_same_bundle(self, page, tmp_path):
        give(page, gallery_embeddings=("g.npy", npy(VECTORS)), gallery_labels=("y.npy", npy(LABELS)))
        assert command(page) == [
            "python", "-m", "core", "import", "--gallery-embeddings", "g.npy", "--gallery-labels", "y.npy",
            "--out", "my-data",
        ]  # fmt: skip
        press(page, "Import and open")
        import_arrays(tmp_path / "same", VECTORS, LABELS)
        assert load_bundle(tmp_path / "same").version == view(page).bundle.version


class TestFolder:
    def test_without_a_root_it_says_how_to_name_one(self, page):
        assert "No folder was named" in page.info[0].value
        assert "--root /folder/with/bundles" in page.code[-1].value
        assert not page.text_input or all(field.key != "your_data_folder" for field in page.text_input)

    def test_a_bundle_inside_a_root_opens(self, open_app, make_bundle, tmp_path):
        make_bundle("other", seed=3)
        at = open_app("your_data", options=["--root", str(tmp_path)])
        at.text_input(key="your_data_folder").set_value("other")
        press(at, "Open")
        assert not at.exception and not at.error
        assert view(at).bundle.name == "other"
        assert [Path(path).name for path in at.session_state["opened_bundles"]] == ["other"]
        at.text_input(key="your_data_folder").set_value(str(tmp_path / "other"))
        press(at, "Open")
        assert len(at.session_state["opened_bundles"]) == 1

    def test_one_outside_or_bad_is_refused_in_place(self, open_app, tiny_bundle, tmp_path):
        at = open_app("your_data", options=["--root", str(tmp_path)])
        (tmp_path / "empty").mkdir()
        for text, said in (
            (str(tiny_bundle.path), "outside"),
            ("../", "outside"),
            ("nothing", "no folder"),
            ("empty", "no bundle"),
        ):
            at.text_input(key="your_data_folder").set_value(text)
            press(at, "Open")
            assert not at.exception and said in at.error[0].value
        assert view(at).bundle.name == "tiny"


class TestImports:
    def test_find_folder(self, tmp_path):
        (tmp_path / "a" / "b").mkdir(parents=True)
        (tmp_path / "c").mkdir()
        roots = ((tmp_path / "a").resolve(),)
        assert imports.find_folder("b", roots) == roots[0] / "b"
        assert imports.find_folder(f" {tmp_path / 'a' / 'b'} ", roots) == roots[0] / "b"
        for text in ("../c", str(tmp_path / "c"), "/etc", "\0", "b\0"):
            with pytest.raises(BadInput):
                imports.find_folder(text, roots)
        with pytest.raises(BadInput, match="none"):
            imports.find_folder(str(tmp_path), ())

    def test_a_link_that_leads_out_is_refused(self, tmp_path):
        (tmp_path / "root").mkdir()
        (tmp_path / "secret").mkdir()
        (tmp_path / "root" / "link").symlink_to(tmp_path / "secret")
        with pytest.raises(BadInput, match="outside"):
            imports.find_folder("link", ((tmp_path / "root").resolve(),))

    @pytest.mark.parametrize(
        ("name", "folder"),
        [("my data!", "my-data"), ("../../etc", "etc"), ("", "my-data"), ("日本", "my-data"), ("a" * 99, "a" * 60)],
    )
    def test_names_of_bundles_stay_in_the_folder(self, tmp_path, name, folder):
        assert imports.new_folder(tmp_path, name) == tmp_path / folder

    def test_a_name_twice_gets_a_number(self, tmp_path):
        (tmp_path / "x").mkdir()
        (tmp_path / "x-2").mkdir()
        assert imports.new_folder(tmp_path, "x").name == "x-3"

    def test_an_uploads_own_name_is_never_a_path(self, tmp_path):
        upload = save(tmp_path, "gallery_embeddings", "../../evil.npy", npy(VECTORS))
        assert upload.path == tmp_path / "gallery_embeddings.npy" and upload.problem is None
        assert [path.name for path in tmp_path.iterdir()] == ["gallery_embeddings.npy"]
        assert "expected a file of type" in save(tmp_path, "gallery_embeddings", "x.pkl", b"").problem

    @pytest.mark.parametrize("make", [npz, lambda **a: parquet(embeddings=list(a["embeddings"]), labels=a["labels"])])
    def test_one_file_for_embeddings_and_labels(self, tmp_path, make):
        suffix = "npz" if make is npz else "parquet"
        upload = save(tmp_path, "gallery_embeddings", f"all.{suffix}", make(embeddings=VECTORS, labels=LABELS))
        found = look(gallery_embeddings=upload)
        assert [(seen.key, seen.source, seen.shape) for seen in found.files] == [
            ("gallery_embeddings", f"all.{suffix}", (80, 24)),
            ("gallery_labels", f"all.{suffix}", (80,)),
        ]
        assert found.problems == ()
        imports.run_import({"gallery_embeddings": upload}, None, None, tmp_path / "out")
        assert (load_bundle(tmp_path / "out").labels("gallery") == LABELS).all()

    @pytest.mark.parametrize(("key", "content"), [("gallery_labels", b"PK junk"), ("gallery_labels", b"")])
    @pytest.mark.parametrize("suffix", ["npy", "npz", "parquet"])
    def test_junk_is_a_message(self, tmp_path, key, content, suffix):
        upload = save(tmp_path, key, f"x.{suffix}", content)
        problem = look(gallery_labels=upload).problems[0]
        assert f"x.{suffix}" in problem and str(tmp_path) not in problem and "\n" not in problem
        assert array_names(upload.path) == ()

    def test_text_that_is_none(self, tmp_path):
        given = {
            "gallery_embeddings": save(tmp_path, "gallery_embeddings", "g.npy", npy(VECTORS)),
            "gallery_labels": save(tmp_path, "gallery_labels", "y.npy", npy(LABELS)),
            "class_names": save(tmp_path, "class_names", "n.txt", b"\xff\xfe\x00"),
        }
        (problem,) = look(**given).problems
        assert problem.startswith("cannot read the class names 'n.txt'")

    def test_the_words_of_the_page(self):
        assert uploads.in_own_words("3 of them fit (a, b): choose one with --embeddings-column", {}).endswith(
            "choose one under 'Columns'"
        )
        assert uploads.in_own_words("it has a; name one with --gallery-split", {}).endswith(
            "choose one under 'Columns'"
        )
        text = "import it with --shuffle SEED (such as --shuffle 0)"
        assert uploads.in_own_words(text, {}) == "tick 'Shuffle the gallery'"

    def test_bits_of_codes(self, tmp_path):
        def bits(array):
            upload = save(tmp_path, "gallery_codes", "c.npy", npy(array))
            return import_preview.code_bits(look(gallery_codes=upload).files)

        assert import_preview.code_bits(()) is None
        assert bits(CODES) == (9, 16)
        assert bits(CODES[:, :1]) == (8, 8)
        assert bits(np.zeros((4, 16), np.uint8)) == (121, 128)
        assert bits(np.zeros((4, 17), np.uint8)) is None
        assert bits(np.zeros(4, np.uint8)) is None

    def test_errors_of_the_import_name_files_as_their_owner_does(self, tmp_path):
        given = {
            "gallery_embeddings": save(tmp_path, "gallery_embeddings", "mine.npy", npy(VECTORS)),
            "gallery_labels": save(tmp_path, "gallery_labels", "y.npy", npy(LABELS[:79])),
            "hierarchy_file": save(tmp_path, "hierarchy_file", "tree.txt", b"a b\nb a\n"),
        }
        with pytest.raises(BadInput, match="gallery labels: 79 for 80"):
            imports.run_import(given, None, None, tmp_path / "out")
        given["gallery_labels"] = save(tmp_path, "gallery_labels", "y.npy", npy(LABELS))
        with pytest.raises(BadInput, match=r"'tree.txt'") as caught:
            imports.run_import(given, None, None, tmp_path / "out")
        assert str(tmp_path) not in str(caught.value)
        assert not (tmp_path / "out").exists()


def test_a_full_disk_is_one_line_and_leaves_no_half_file(tmp_path, monkeypatch):
    def full(content, file):
        file.write(content.read(3))
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("dashboard.uploads.shutil.copyfileobj", full)
    with pytest.raises(BadInput, match=r"Gallery embeddings 'x.npy' cannot be kept .*: No space left on device"):
        uploads.save_upload(tmp_path, ROLES["gallery_embeddings"], "x.npy", io.BytesIO(b"12345"))
    assert list(tmp_path.iterdir()) == []
