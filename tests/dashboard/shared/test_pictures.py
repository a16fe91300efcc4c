from __future__ import annotations

import base64
import io
import os
import threading
import time

import numpy as np
import pytest
from PIL import Image

from core.datasets.cifar import Cifar, Split
from core.datasets.cifar100 import CIFAR_100
from core.errors import BadInput
from dashboard.shared import pictures
from dashboard.shared.pictures import Pictures, download_with_progress, png_uri


@pytest.fixture
def images() -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (4, 32, 32, 3), dtype=np.uint8)


@pytest.fixture
def folder(tmp_path, monkeypatch, images):
    """A folder that passes for CIFAR-100, and how often its splits are read."""
    reads = []

    def read_split(dataset, root, split):
        reads.append(split)
        return Split(images.copy(), np.arange(4), np.zeros(4, np.int64))

    monkeypatch.setattr(Cifar, "read_split", read_split)
    return tmp_path, reads


def decoded(uri: str) -> np.ndarray:
    head, data = uri.split(",", 1)
    assert head == "data:image/png;base64"
    return np.asarray(Image.open(io.BytesIO(base64.b64decode(data, validate=True))))


def test_png_uri_keeps_every_pixel(images):
    assert np.array_equal(decoded(png_uri(images[0])), images[0])
    assert np.array_equal(decoded(png_uri(images[0, ::2, ::-1])), images[0, ::2, ::-1])


def test_pictures_of_arrays(images):
    shown = Pictures(arrays={"gallery": images})
    assert shown.available
    assert np.array_equal(decoded(shown.uri("gallery", 3)), images[3])
    assert shown.uri("gallery", np.int64(3)) is shown.uri("gallery", 3)
    assert shown.uri("test", 0) is None


@pytest.mark.parametrize("index", [-1, 4, 10**9])
def test_an_index_that_is_not_there_has_no_picture(images, index):
    assert Pictures(arrays={"gallery": images}).uri("gallery", index) is None


def test_without_a_source_there_are_none():
    none = Pictures()
    assert not none.available
    assert none.uri("test", 0) is None
    assert not none.agrees("test", np.arange(4))


@pytest.mark.parametrize("bad", [np.zeros((4, 32, 32)), np.zeros((4, 32, 32, 4), np.uint8), np.zeros((4, 32, 32, 3))])
def test_arrays_that_are_no_images_are_refused(bad):
    with pytest.raises(BadInput, match=r"split 'gallery'.*expected uint8"):
        Pictures(arrays={"gallery": bad})


def test_a_split_is_read_once_and_only_when_asked_for(folder, images):
    root, reads = folder
    shown = Pictures(root)
    assert shown.available
    assert reads == []
    assert np.array_equal(decoded(shown.uri("test", 2)), images[2])
    shown.uri("test", 1)
    assert reads == ["test"]
    assert shown.uri("queries", 0) is None
    assert reads == ["test"]


def test_sessions_at_once_read_a_split_once(folder):
    root, reads = folder
    shown = Pictures(root)
    threads = [threading.Thread(target=shown.uri, args=("train", i % 4)) for i in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert reads == ["train"]


def test_agrees_compares_the_labels(folder):
    shown = Pictures(folder[0])
    assert shown.agrees("test", np.arange(4))
    assert not shown.agrees("test", np.arange(4)[::-1])
    assert not shown.agrees("test", np.arange(3))
    assert not shown.agrees("queries", np.arange(4))


def test_altered_files_give_no_picture_and_a_reason(tmp_path):
    (tmp_path / CIFAR_100.folder).mkdir()
    (tmp_path / CIFAR_100.folder / "test").write_bytes(b"not CIFAR")
    shown = Pictures.find(tmp_path)
    assert shown.available
    assert shown.uri("test", 0) is None
    assert not shown.available
    assert "MD5" in shown.problem


def test_real_pictures():
    root = os.environ.get("CIFAR_ROOT")
    if not root:
        pytest.skip("$CIFAR_ROOT is not set")
    shown = Pictures.find(root)
    split = CIFAR_100.read_split(root, "test")
    assert shown.available
    assert shown.agrees("test", split.labels)
    assert np.array_equal(decoded(shown.uri("test", 9_999)), split.images[9_999])
    assert shown.uri("test", 10_000) is None


def test_download_reports_the_growing_file(tmp_path):
    steps = threading.Semaphore(0)
    seen = []

    def fake(root):
        for share in (0.25, 0.5, 1.0):
            with (root / CIFAR_100.archive).open("wb") as file:
                file.truncate(int(CIFAR_100.archive_bytes * share))  # sparse: takes no disk
            assert steps.acquire(timeout=10)

    def on_progress(share):
        seen.append(share)
        if share > 0:
            steps.release()

    assert download_with_progress(tmp_path, on_progress, download=fake, every=0.005) == tmp_path
    assert seen == sorted(seen)
    assert {round(share, 2) for share in seen} >= {0.25, 0.5, 0.99, 1.0}
    assert seen[-1] == 1.0


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (BadInput("could not download CIFAR-100: no network"), "no network"),
        (ImportError("No module named 'torchvision'"), "pip install"),
        (ValueError("odd"), "ValueError: odd"),
    ],
)
def test_a_failed_download_is_bad_input_and_can_be_tried_again(tmp_path, error, words):
    def fail(root):
        raise error

    seen = []
    for _ in range(2):
        with pytest.raises(BadInput, match=words):
            download_with_progress(tmp_path, seen.append, download=fail, every=0.005)
    assert 1.0 not in seen


def test_a_dead_connection_is_given_up(tmp_path):
    released = threading.Event()
    try:
        with pytest.raises(BadInput, match=r"stopped at 0 MB.*network"):
            download_with_progress(
                tmp_path, lambda share: None, download=lambda root: released.wait(10), every=0.005, stalled=0.05
            )
        with pytest.raises(BadInput, match="being downloaded already"):
            download_with_progress(tmp_path, lambda share: None, download=lambda root: None)
    finally:
        released.set()
    for _ in range(200):  # the thread lets go once it ends
        if not pictures._one_download.locked():
            break
        time.sleep(0.01)
    assert download_with_progress(tmp_path, lambda share: None, download=lambda root: None, every=0.005) == tmp_path


def test_without_a_network_the_real_download_says_what_to_do(tmp_path, monkeypatch):
    pytest.importorskip("torchvision")
    monkeypatch.setattr("urllib.request.urlopen", _no_network)
    with pytest.raises(BadInput, match="put the extracted folder"):
        download_with_progress(tmp_path, lambda share: None)


def _no_network(*args, **kwargs):
    raise OSError("Network is unreachable")
