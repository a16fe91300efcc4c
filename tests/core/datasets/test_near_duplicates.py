from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image

from core.datasets import near_duplicates as finder
from core.datasets.cifar100 import CIFAR_100
from core.datasets.near_duplicates import Window, describe, find_pairs, pose, views_of, windows
from core.errors import BadInput
from tests.core.datasets.pictures import cut, scenes

SCENES = scenes(60)
PLAIN = np.stack([cut(scene) for scene in SCENES])


def jpeg(image, quality=60):
    buffer = io.BytesIO()
    Image.fromarray(image).save(buffer, "JPEG", quality=quality)
    return np.asarray(Image.open(buffer))


def enlarged(image, side=36):
    whole = np.asarray(Image.fromarray(image).resize((side, side), Image.Resampling.BICUBIC))
    edge = (side - 32) // 2
    return whole[edge : edge + 32, edge : edge + 32]


CHANGES = {
    "equal": lambda n: PLAIN[n],
    "moved": lambda n: cut(SCENES[n], 2, -3),
    "mirrored": lambda n: PLAIN[n][:, ::-1],
    "mirrored and moved": lambda n: cut(SCENES[n], -1, 2)[:, ::-1],
    "brighter": lambda n: np.clip(PLAIN[n] * 0.7 + 60, 0, 255).astype(np.uint8),
    "JPEG": lambda n: jpeg(PLAIN[n]),
    "cropped": lambda n: enlarged(PLAIN[n]),
}


@pytest.mark.parametrize("change", CHANGES)
def test_a_changed_copy_is_found_and_nothing_else(change):
    chosen = [3, 17, 40]
    others = scenes(30, seed=1)[:, 4:36, 4:36].copy()
    others[[5, 6, 29]] = [CHANGES[change](n) for n in chosen]
    pairs, scores = find_pairs(PLAIN, others, threads=1)
    assert sorted(map(tuple, pairs.tolist())) == [(3, 5), (17, 6), (40, 29)]
    assert pairs.dtype == np.int32 and scores.dtype == np.float32
    assert (np.diff(scores) <= 0).all() and (scores <= 1).all()
    if change == "equal":
        assert scores == pytest.approx(1)


def test_within_one_array_each_pair_once_and_none_with_itself():
    images = PLAIN.copy()
    images[50], images[7] = CHANGES["moved"](4), CHANGES["JPEG"](30)
    images[59] = images[4]
    pairs, _ = find_pairs(images, threads=1)
    assert sorted(map(tuple, pairs.tolist())) == [(4, 50), (4, 59), (7, 30), (50, 59)]
    assert pairs[0].tolist() == [4, 59]  # the equal one first


def test_another_colour_or_another_middle_is_another_picture():
    images = np.stack([PLAIN[0], PLAIN[0][:, :, ::-1] // 2 + [90, 0, 0], PLAIN[0]]).astype(np.uint8)
    images[2, 8:24, 8:24] = PLAIN[1][8:24, 8:24]
    assert len(find_pairs(images, threads=1)[0]) == 0


def test_plain_pictures_are_not_alike():
    flat = np.full((4, 32, 32, 3), 120, np.uint8)
    flat[1] += 30
    flat[2:, 16:] = 40  # two horizons, of one kind
    flat[3, :16] += np.random.default_rng(0).integers(0, 3, (16, 32, 3), np.uint8)
    flat[2, :16] += np.random.default_rng(1).integers(0, 3, (16, 32, 3), np.uint8)
    pairs, _ = find_pairs(flat[:2], threads=1)
    assert len(pairs) == 0
    assert [0, 1] not in find_pairs(flat, threads=1)[0].tolist()


def test_blocks_and_threads_change_nothing(monkeypatch):
    images = np.concatenate([PLAIN, [CHANGES["moved"](n) for n in range(20)]])
    whole = find_pairs(images, same=0.3, threads=1)
    monkeypatch.setattr(finder, "_ROWS", 7)
    shares = []
    for one, other in zip(whole, find_pairs(images, same=0.3, threads=2, progress=shares.append), strict=True):
        assert np.array_equal(one, other)
    assert shares == sorted(shares) and shares[-1] == 1 and 0.25 in shares


def test_every_window_meets_the_centre_at_its_pose():
    scene = scenes(1, seed=5)[0]
    against, middle = views_of(cut(scene)[None]).grey, Window(3 / 32, 3 / 32, 26 / 32, False)
    for window in windows():
        mirror, scale, down, right = pose(window, 32)
        assert (mirror == 1) == window.mirror
        assert scale == pytest.approx(26 / 32 / window.side)
        assert abs(down) <= 6 and abs(right) <= 6
        if scale == 1:  # moved by the pose, a picture shows in this window what the other one shows in its middle
            moved = cut(scene, round(down), round(right))
            grey = views_of((moved[:, ::-1] if mirror else moved)[None]).grey
            assert describe(grey, window) == pytest.approx(describe(against, middle), abs=1e-4)


@pytest.mark.parametrize(
    "images",
    [PLAIN.astype(np.float32), PLAIN[:, :, :30], PLAIN[..., 0], np.zeros((3, 8, 8, 3), np.uint8)],
)
def test_refused(images):
    with pytest.raises(BadInput, match="expected"):
        find_pairs(images)


def test_pictures_of_two_sizes_are_refused():
    with pytest.raises(BadInput, match="of one size"):
        find_pairs(PLAIN, scenes(2, side=36))


def test_too_many_that_look_alike(monkeypatch):
    monkeypatch.setattr(finder, "_MOST_PAIRS", 5)
    with pytest.raises(BadInput, match="too many to compare"):
        find_pairs(np.repeat(PLAIN[:1], 5, axis=0))


@pytest.mark.slow
def test_equal_pictures_of_cifar_are_all_found(cifar_root):
    """Within test, equal bytes are found by hashing, mirrored ones too; each pair must be listed with the score 1."""
    images = CIFAR_100.read_split(cifar_root, "test").images
    pairs, scores = find_pairs(images)
    first_with: dict[bytes, int] = {}
    equal = set()
    for row, image in enumerate(images):
        data = image.tobytes()
        if data in first_with:
            equal.add((first_with[data], row))
        first_with.setdefault(data, row)
    listed = {tuple(pair): score for pair, score in zip(pairs.tolist(), scores, strict=True)}
    assert equal and all(listed[pair] == pytest.approx(1) for pair in equal)
    assert len(listed) < 500
