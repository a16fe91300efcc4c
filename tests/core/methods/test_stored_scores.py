from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from core.building.add_hashes import make_hashes
from core.building.add_scores import make_scores, score_cells, wanted_measures
from core.bundle.bundle import load_bundle
from core.bundle.writer import BundleWriter
from core.cli import main
from core.engine.engine import Engine
from core.errors import BadInput
from core.methods.scores import BEST, EXACT, Measure, query_scores
from core.methods.stored_scores import find_scores, fit_seconds, pack_scores
from core.settings import ALL, LEAVE_OUT, Setting

WHOLE = Measure("hamming", "ap_trec", ALL)
SETTING = Setting("semantic", "itq", 16, "1", "test-vs-test", "wordnet")


@pytest.fixture
def scored(make_bundle):
    bundle = make_bundle()
    make_scores(bundle.path, "semantic", ["itq", "predicted-class", EXACT], [16], ["test-vs-test"], threads=1)
    return load_bundle(bundle.path, verify=True)


def changed(bundle, change):
    with BundleWriter(bundle.path) as writer:
        writer.commit(change(bundle.manifest, writer))
    return load_bundle(bundle.path)


def test_stored_are_the_values_of_every_query(scored):
    engine = Engine(scored, 1)
    for name, bits, measure in (
        ("itq", 16, WHOLE),
        ("itq", 16, Measure("asymmetric", "ap_trec", ALL)),
        ("predicted-class", 4, WHOLE),
        (EXACT, 8, WHOLE.base),
    ):
        setting = replace(SETTING, hash=name, bits=bits)
        found = find_scores(scored, setting, measure)
        np.testing.assert_allclose(found, query_scores(engine, setting, measure), atol=0.5 / 65535 + 1e-12)
    # the gallery has 59 images: what is judged at 100 and 250 is not kept
    entry = next(e for e in scored.manifest["scores"] if e["hash"] == "itq")
    assert entry["measures"] == ["hamming:ap_trec@all", "asymmetric:ap_trec@all"]
    assert entry["values"]["dtype"] == "uint16"


def test_what_was_not_scored_is_missing(scored):
    for setting in (
        replace(SETTING, bits=8),
        replace(SETTING, protocol="test-vs-train"),
        replace(SETTING, seed=1),
        replace(SETTING, queries=10),
        replace(SETTING, near_duplicates=LEAVE_OUT),
    ):
        assert find_scores(scored, setting, WHOLE) is None
    assert find_scores(scored, SETTING, Measure("hamming", "ap", 10)) is None
    # a measure without a class tree is the same under any
    assert find_scores(scored, replace(SETTING, hierarchy="superclass"), WHOLE) is not None


def test_a_second_run_finds_everything_in_place(scored):
    before = scored.version
    assert make_scores(scored.path, "semantic", ["itq"], [16], ["test-vs-test"], threads=1) == (0, 1)
    assert load_bundle(scored.path).version == before
    assert make_scores(scored.path, "semantic", ["itq"], [8, 16], ["test-vs-test"], threads=1) == (1, 1)


def test_scores_of_other_embeddings_are_not_shown_and_are_taken_out(scored):
    def other(manifest, writer):
        vectors = np.array(scored.embeddings("semantic", "test"))[::-1]
        entry = manifest["encoders"]["semantic"]
        embeddings = {**entry["embeddings"], "test": writer.add_array(vectors.astype(np.float16))}
        return {**manifest, "encoders": {"semantic": {**entry, "embeddings": embeddings}}}

    bundle = changed(scored, other)
    assert find_scores(bundle, SETTING, WHOLE) is None
    assert make_scores(bundle.path, "semantic", ["itq"], [16], ["test-vs-test"], threads=1) == (1, 0)
    bundle = load_bundle(bundle.path)
    assert [entry["hash"] for entry in bundle.manifest["scores"]] == ["itq"]
    np.testing.assert_allclose(
        find_scores(bundle, SETTING, WHOLE), query_scores(Engine(bundle, 1), SETTING, WHOLE), atol=1e-5
    )


def test_scores_of_another_head_are_not_shown(scored):
    make_hashes(scored.path, "semantic", ["itq"], [16])  # stored now: its head is what counts
    bundle = load_bundle(scored.path)
    assert find_scores(bundle, SETTING, WHOLE) is None
    make_scores(bundle.path, "semantic", ["itq"], [16], ["test-vs-test"], threads=1)
    bundle = load_bundle(bundle.path)
    assert find_scores(bundle, SETTING, WHOLE) is not None

    def turned(manifest, writer):
        (entry,) = (e for e in manifest["hashes"] if e["hash"] == "itq")
        head = {key: writer.add_array(-np.array(bundle.array(spec))) for key, spec in entry["head"].items()}
        others = [e for e in manifest["hashes"] if e["hash"] != "itq"]
        return {**manifest, "hashes": [*others, {**entry, "head": head}]}

    assert find_scores(changed(bundle, turned), SETTING, WHOLE) is None


def test_codes_that_a_program_makes_otherwise_are_noticed(scored):
    def altered(manifest, writer):
        return {**manifest, "scores": [{**entry, "codes": "0" * 64} for entry in manifest["scores"]]}

    bundle = changed(scored, altered)
    assert make_scores(bundle.path, "semantic", ["itq"], [16], ["test-vs-test"], threads=1) == (1, 0)


def test_time_to_fit(scored):
    assert 0 <= fit_seconds(scored, SETTING) < 60
    assert fit_seconds(scored, replace(SETTING, bits=8)) is None
    assert fit_seconds(scored, replace(SETTING, hash="predicted-class", bits=4)) is None
    make_hashes(scored.path, "semantic", ["itq"], [16])
    bundle = load_bundle(scored.path)
    assert fit_seconds(bundle, SETTING) == bundle.stored_hash("semantic", "itq", 16)["fit_seconds"] > 0


def test_which_cells_there_are(scored):
    engine = Engine(scored, 1)

    def cells(*arguments):
        return [(c.hash, c.bits, c.seed) for c in score_cells(engine, "semantic", *arguments)]

    assert cells(["random-codes"], [16, 48], ["test-vs-test"], [0, 1]) == [
        ("random-codes", 16, 0), ("random-codes", 48, 0), ("random-codes", 48, 1),
    ]  # fmt: skip
    assert cells(["predicted-class", EXACT], [48], ["test-vs-test"]) == [("predicted-class", 4, 0), (EXACT, 48, 0)]
    assert cells(["itq"], [48], ["test-vs-test"]) == []
    every = cells()
    assert len(every) == len(set(every)) * 3  # protocols
    assert BEST not in {name for name, _, _ in every}


def test_exact_search_is_kept_once_a_metric():
    assert [measure.name for measure in wanted_measures(EXACT)] == [
        "exact:ap_trec@all", "exact:ap@100", "exact:ahp@250",
    ]  # fmt: skip
    assert len(wanted_measures("pq")) == 3


def test_values_are_kept_as_whole_numbers():
    assert pack_scores(np.array([[0.0, 1.0, 0.5, 1.0000001]])).tolist() == [[0, 65535, 32768, 65535]]


def test_no_length_that_the_methods_have(make_bundle):
    with pytest.raises(BadInput, match="bits 48: no length that these methods have"):
        make_scores(make_bundle().path, "semantic", ["itq"], [48], ["test-vs-test"])
    with pytest.raises(BadInput, match="make it with 'python -m core hash'"):
        make_scores(make_bundle("b").path, "semantic", ["csq"], [48], ["test-vs-test"])


def test_the_command(make_bundle, capsys):
    path = str(make_bundle().path)
    asked = ["scores", "--bundle", path, "--hash", "random-codes,exact", "--bits", "16", "--protocol", "test-vs-test"]
    assert main(asked) == 0
    assert "2 scored, 0 were there already" in capsys.readouterr().out
    assert main([*asked, "--seeds", "0,1"]) == 0
    assert "0 scored, 2 were there already" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("options", "message"),
    [(["--hash", "itqq"], "did you mean 'itq'"), (["--protocol", "x"], "unknown protocol 'x'"),
     (["--protocol", "leave-one-out"], "unknown protocol 'leave-one-out'"), (["--bits", "500"], "bits 500 is out of"),
     (["--encoder", "none"], "unknown encoder 'none'"), (["--seeds", "a"], "seed 'a' is no whole number")],
)  # fmt: skip
def test_bad_options_are_one_line(tiny_bundle, capsys, options, message):
    assert main(["scores", "--bundle", str(tiny_bundle.path), *options]) == 2
    error = capsys.readouterr().err
    assert message in error
    assert error.count("\n") == 1


@pytest.mark.parametrize(
    ("change", "message"),
    [({"encoder": "other"}, "is of 'other', which is not among the bundle's encoders"),
     ({"protocol": "other"}, "not among the bundle's protocols"), ({"inputs": "12"}, "64 hexadecimal digits"),
     ({"measures": ["a", "b", "c"]}, "expected \\[any, 3\\]"), ({"fit_seconds": -1.0}, "took -1.0 seconds"),
     ({"bits": "16"}, "expected a whole number"), ({"hash": "predicted-class", "bits": 4}, "repeats the scores")],
)  # fmt: skip
def test_a_manifest_that_does_not_fit(scored, change, message):
    entries = [{**entry, **change} if entry["hash"] == "itq" else entry for entry in scored.manifest["scores"]]
    with BundleWriter(scored.path) as writer, pytest.raises(BadInput, match=message):
        writer.commit({**scored.manifest, "scores": entries})


def test_a_hash_that_took_less_than_no_time(scored):
    (entry,) = scored.manifest["hashes"]
    with BundleWriter(scored.path) as writer, pytest.raises(BadInput, match="hashes\\[0\\] took -2 seconds to fit"):
        writer.commit({**scored.manifest, "hashes": [{**entry, "fit_seconds": -2}]})
