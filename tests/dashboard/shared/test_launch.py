from __future__ import annotations

import tomllib
from pathlib import Path

from dashboard.shared.launch import SHIPPED, parse

CONFIG = Path(__file__).parents[3] / ".streamlit" / "config.toml"


def test_the_server_listens_on_this_computer_only():
    assert tomllib.loads(CONFIG.read_text(encoding="utf-8"))["server"]["address"] == "localhost"


def test_nothing_named_opens_the_shipped_bundle_and_reads_no_folder():
    options = parse([])
    assert (options.bundles, options.images, options.roots) == ((SHIPPED,), None, ())


def test_options_and_those_of_others(tmp_path):
    roots = ["--root", str(tmp_path), "--root", str(tmp_path / "x")]
    options = parse(["--other", "--bundle", "b", "--images", "i", *roots])
    assert (options.bundle, options.images) == (Path("b"), Path("i"))
    assert options.roots == (tmp_path.resolve(), (tmp_path / "x").resolve())


def test_the_first_of_several_bundles_is_opened_first():
    options = parse(["--bundle", "b", "--bundle", "a", "--bundle", "b"])
    assert (options.bundle, options.bundles) == (Path("b"), (Path("b"), Path("a")))


def test_engines_are_kept_in_order_and_passwords_are_not_shown():
    options = parse(
        ["--engine", "milvus=h:1", "--engine", "pgvector=postgresql://me:secret@h/db", "--engine", "milvus=h:1"]
    )
    assert options.engines == ("milvus=h:1", "pgvector=postgresql://me:secret@h/db")
    shown = options.command()
    assert shown == "streamlit run Home.py -- --engine milvus=h:1 --engine pgvector=postgresql://me:...@h/db"


def test_pictures_are_shown_from_roots_and_images(tmp_path):
    options = parse(["--root", str(tmp_path / "a"), "--images", str(tmp_path / "b"), "--root", str(tmp_path / "b")])
    assert options.readable == (tmp_path / "a", tmp_path / "b")


def test_the_command_keeps_what_was_named():
    assert parse([]).command() == "streamlit run Home.py --"
    given = ["--bundle", "my b", "--bundle", "c", "--images", "i", "--root", "/r", "--weights", "w.pth"]
    assert parse(given).command() == (
        "streamlit run Home.py -- --bundle 'my b' --bundle c --images i --root /r --weights w.pth"
    )
