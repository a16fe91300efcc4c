from __future__ import annotations

from pathlib import Path

from dashboard.launch import SHIPPED, allowed, parse


def test_nothing_named_opens_the_shipped_bundle_and_reads_no_folder():
    options = parse([])
    assert (options.bundle, options.images, options.roots) == (SHIPPED, None, ())
    assert not allowed(SHIPPED, options.roots)


def test_options_and_those_of_others(tmp_path):
    roots = ["--root", str(tmp_path), "--root", str(tmp_path / "x")]
    options = parse(["--other", "--bundle", "b", "--images", "i", *roots])
    assert (options.bundle, options.images) == (Path("b"), Path("i"))
    assert options.roots == (tmp_path.resolve(), (tmp_path / "x").resolve())


def test_allowed_is_the_folder_and_what_lies_in_it(tmp_path):
    root = tmp_path / "root"
    (root / "in").mkdir(parents=True)
    (tmp_path / "rooted").mkdir()
    roots = (root.resolve(),)
    assert allowed(root, roots) and allowed(root / "in", roots) and allowed(root / "in" / "not-there", roots)
    assert not allowed(tmp_path / "rooted", roots)
    assert not allowed(root / ".." / "rooted", roots)
    assert not allowed(tmp_path, roots)


def test_a_link_out_of_the_folder_is_followed_and_refused(tmp_path):
    root, secret = tmp_path / "root", tmp_path / "secret"
    root.mkdir()
    secret.mkdir()
    (root / "link").symlink_to(secret)
    assert not allowed(root / "link", (root.resolve(),))
