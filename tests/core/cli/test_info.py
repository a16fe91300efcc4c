"""`info`: contents and checksums."""

from __future__ import annotations

from core.cli import main


def test_info_lists_what_there_is(run, tiny_bundle):
    ran = run("info")
    assert ran.code == 0
    for word in ("tiny", tiny_bundle.version, "10 classes in 4 superclasses", "test 60", "train 150", "wordnet"):
        assert word in ran.out
    for word in (
        "test-vs-train",
        "semantic: 16 dimensions, accuracy 0.8000, compared by cosine",
        "latent-sigmoid: 16*",
        "itq: 8, 16",
    ):
        assert word in ran.out


def test_info_finds_a_changed_file(make_bundle, capsys):
    bundle = make_bundle()
    part = next((bundle.path / "arrays").glob("*.npy"))
    data = bytearray(part.read_bytes())
    data[-1] ^= 1
    part.write_bytes(data)
    assert main(["info", "--bundle", str(bundle.path)]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert part.name in err
    assert err.count("\n") == 1
