"""What of a folder is a picture of it, and what is not."""

import os

import pytest

from core.errors import BadInput
from core.pictures.folder import find_pictures, folder_classes, number_classes


def touch(path, data=b"x"):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    return path


def test_sorted_and_only_pictures(tmp_path):
    for name in ("b/2.png", "b/10.JPG", "a/x.webp", "notes.txt", ".hidden.png", ".git/x.png", "a/deep/er/y.gif"):
        touch(tmp_path / name)
    found = find_pictures(tmp_path)
    assert [file.path for file in found.files] == ["a/deep/er/y.gif", "a/x.webp", "b/10.JPG", "b/2.png"]
    assert found.files[0].size == 1 and found.skipped == ()
    assert find_pictures(str(tmp_path)) == found


def test_links_do_not_lead_out(tmp_path):
    outside = touch(tmp_path / "outside" / "secret.png")
    folder = tmp_path / "mine"
    inside = touch(folder / "a" / "1.png")
    (folder / "out.png").symlink_to(outside)
    (folder / "out").symlink_to(outside.parent)
    (folder / "in.png").symlink_to(inside)
    (folder / "again").symlink_to(folder)
    (folder / "broken.png").symlink_to(folder / "nothing.png")
    (folder / "circle.png").symlink_to("circle.png")
    found = find_pictures(folder)
    assert [file.path for file in found.files] == ["a/1.png", "in.png"]
    reasons = {skip.path: skip.reason for skip in found.skipped}
    assert "out of the folder" in reasons["out.png"] and "out of the folder" in reasons["out"]
    assert "No such file" in reasons["broken.png"] and {"again", "circle.png"} <= set(reasons)


def test_what_is_no_file_is_skipped(tmp_path):
    touch(tmp_path / "a.png")
    os.mkfifo(tmp_path / "pipe.png")
    assert [skip.path for skip in find_pictures(tmp_path).skipped] == ["pipe.png"]


def test_no_pictures(tmp_path):
    touch(tmp_path / "notes.txt")
    with pytest.raises(BadInput, match="no picture in"):
        find_pictures(tmp_path)
    for path in (tmp_path / "notes.txt", tmp_path / "absent"):
        with pytest.raises(BadInput, match=r"^'[^']*' is no folder"):
            find_pictures(path)


def test_the_first_folder_is_the_class(tmp_path):
    for name in ("dog/1.png", "cat/x/2.png", "cat/1.png"):
        touch(tmp_path / name)
    classes = folder_classes(find_pictures(tmp_path))
    assert classes == ["cat", "cat", "dog"]
    names, (first, second) = number_classes(classes, ["dog", "emu"])
    assert names == ["cat", "dog", "emu"] and first.tolist() == [0, 0, 1] and second.tolist() == [1, 2]
    touch(tmp_path / "loose.png")
    with pytest.raises(BadInput, match=r"'loose\.png' lies in"):
        folder_classes(find_pictures(tmp_path))
