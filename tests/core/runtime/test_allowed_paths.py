from __future__ import annotations

import pytest

from core.errors import BadInput
from core.runtime.allowed_paths import AllowedPaths, stays_inside

LONG = "x" * 5000


@pytest.fixture
def world(tmp_path):
    """`root/in/file` and, beside the root, `rooted` and `secret/file`; links of every kind inside the root."""
    for folder in ("root/in", "rooted", "secret"):
        (tmp_path / folder).mkdir(parents=True)
    for file in ("root/in/file", "secret/file"):
        (tmp_path / file).write_text(file)
    root = tmp_path / "root"
    (root / "out").symlink_to(tmp_path / "secret")
    (root / "out-file").symlink_to(tmp_path / "secret" / "file")
    (root / "up").symlink_to("..")
    (root / "within").symlink_to("in")
    (root / "circle").symlink_to("circle")
    (tmp_path / "alias").symlink_to("root")
    return tmp_path


@pytest.fixture
def allowed(world):
    return AllowedPaths([world / "root"])


@pytest.mark.parametrize(
    ("path", "leads"),
    [("root", "root"), ("root/in/file", "root/in/file"), ("root/in/not-there", "root/in/not-there"),
     ("root/in/../in", "root/in"), ("rooted/../root/in", "root/in"), ("root/within/file", "root/in/file"),
     ("alias/in", "root/in")],
)  # fmt: skip
def test_what_leads_into_the_root_is_inside(world, allowed, path, leads):
    assert allowed.inside(world / path) == world.resolve() / leads
    assert world / path in allowed


@pytest.mark.parametrize(
    "path",
    [".", "rooted", "secret/file", "root/../rooted", "root/in/../../secret", "root/out", "root/out/file",
     "root/out-file", "root/up", "root/up/secret/file", "root/within/../../secret", "/etc/passwd", "\0", "root/\0",
     "root/in\0", "root/circle", "root/circle/file"],
)  # fmt: skip
def test_what_leads_out_or_nowhere_is_not(world, allowed, path):
    assert allowed.inside(world / path) is None
    assert world / path not in allowed


def test_a_root_that_is_a_link(world):
    by_link = AllowedPaths([world / "alias"])
    assert by_link.roots == ((world / "root").resolve(),)
    assert world / "alias" / "in" in by_link
    assert world / "root" / "in" in by_link
    assert world / "alias" / "out" not in by_link


def test_a_name_too_long_is_never_an_error(world, allowed):
    assert world / LONG not in allowed
    assert allowed.inside(world / "root" / LONG) in (None, (world / "root" / LONG).resolve())
    with pytest.raises(BadInput, match=r"is no path: .*too long"):
        allowed.find_folder(LONG)


def test_no_root_holds_nothing_and_a_bad_one_neither(world):
    assert world not in AllowedPaths([])
    assert AllowedPaths(["\0", world / "root" / "circle"]).roots == ()


def test_relative_paths_are_of_the_working_directory(world, allowed, monkeypatch):
    monkeypatch.chdir(world / "root")
    assert "in" in allowed
    assert "../secret" not in allowed


def test_folders_and_files_that_a_person_names(world, allowed):
    root = (world / "root").resolve()
    for text in ("in", f" {world / 'root' / 'in'} ", "within", str(world / "alias" / "in")):
        assert allowed.find_folder(text) == root / "in"
    assert allowed.find_file("in/file") == root / "in" / "file"
    both = AllowedPaths([world / "rooted", world / "root"])  # a name is looked for in each root
    assert both.find_folder("in") == root / "in"


@pytest.mark.parametrize(
    ("text", "message"),
    [("../secret", "outside the folders"), ("out", "outside the folders"), ("/etc", "outside the folders"),
     ("~no-such-user/in", "is no path"), ("\0", "is no path"), ("in\0", "is no path"),
     ("circle", "is no path|no folder|outside"), ("none", "there is no folder '.*none'"),
     ("in/file", "there is no folder")],
)  # fmt: skip
def test_what_cannot_be_found_is_one_line(allowed, text, message):
    with pytest.raises(BadInput, match=message) as caught:
        allowed.find_folder(text)
    assert "\n" not in str(caught.value)


def test_what_cannot_be_found_says_why(world, allowed):
    with pytest.raises(BadInput, match="there is no file"):
        allowed.find_file("in")
    with pytest.raises(BadInput, match=r"outside .* \(.*root\): name a "):
        allowed.find_file("out-file")
    with pytest.raises(BadInput, match=r"\(none\)"):
        AllowedPaths([]).find_folder("in")


@pytest.mark.parametrize("path", ["", ".", "..", "a/../../b", "a/..", "/a", "a\\b", "..\\b", "a\0"])
def test_text_that_may_lead_out_of_a_folder(path):
    assert not stays_inside(path)
    assert stays_inside(f"{'a' * 300}/b.npy")
    assert stays_inside("a/./b..npy")
