"""docs/extending.md is put into a copy of the project, block by block, and used there."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from core import evaluate, load_bundle
from core.engine.engine import Engine
from core.settings import Setting
from tests import reference

ROOT = Path(__file__).resolve().parent.parent
GUIDE = ROOT / "docs" / "extending.md"
MOST_LINES = 40
_FILE = re.compile(r"^`([\w/.]+)`:\n\n```python\n(.*?)```$", re.MULTILINE | re.DOTALL)
_LINE = re.compile(r"^One line in `([\w.]+)` of `([\w/.]+)`:\n\n```text\n(.*?)```$", re.MULTILINE | re.DOTALL)


class Example(NamedTuple):
    files: list[tuple[str, str]]  # path and content
    lines: list[tuple[str, str, str]]  # name of the list, path and the line


def examples() -> dict[str, Example]:
    """By heading; headings without code are left out."""
    parts = re.split(r"^##+ (.*)\n", GUIDE.read_text(encoding="utf-8"), flags=re.MULTILINE)[1:]
    sections = zip(parts[::2], parts[1::2], strict=True)
    found = {name: Example(_FILE.findall(text), _LINE.findall(text)) for name, text in sections}
    return {name: example for name, example in found.items() if example.files}


@pytest.fixture(scope="module")
def house(tmp_path_factory) -> Path:
    """The project with all examples in it."""
    folder = tmp_path_factory.mktemp("house")
    for part in ("core", "dashboard"):
        shutil.copytree(ROOT / part, folder / part, ignore=shutil.ignore_patterns("__pycache__"))
    for part in ("Home.py", "pyproject.toml"):
        shutil.copy(ROOT / part, folder)
    (folder / "precomputed").symlink_to(ROOT / "precomputed")
    for example in examples().values():
        for path, content in example.files:
            (folder / path).parent.mkdir(exist_ok=True)
            (folder / path).write_text(content, encoding="utf-8")
        for name, path, line in example.lines:
            before = (folder / path).read_text(encoding="utf-8")
            opening = re.compile(rf"^.*\b{re.escape(name)}\b.*[([{{]\n(?: +\[\n)?", re.MULTILINE)
            after, count = opening.subn(lambda found, line=line: found[0] + line, before, count=1)
            assert count == 1, f"no list '{name}' in {path}"
            (folder / path).write_text(after, encoding="utf-8")
    return folder


def run(house: Path, *arguments: object) -> str:
    command = [sys.executable, *map(str, arguments)]
    done = subprocess.run(command, cwd=house, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def evaluated(house: Path, bundle: Path, out: Path, *options: str) -> pd.Series:
    """The values of the CSV by search, k and metric."""
    run(house, "-m", "core", "evaluate", "--bundle", bundle, "--out", out, *options)
    return pd.read_csv(out, dtype={"k": str}).set_index(["search", "k", "metric"])["value"].sort_index()


def test_each_example_is_short_and_touches_one_file_and_one_line():
    assert list(examples()) == ["A metric", "A hash method", "A control", "An encoder", "A page", "A search backend"]
    for example in examples().values():
        (path, content), (_, listed_in, line) = *example.files, *example.lines
        assert len(content.splitlines()) < MOST_LINES
        assert line.count("\n") == 1
        assert not (ROOT / path).exists()
        assert (ROOT / listed_in).exists()


def test_the_examples_keep_the_style(house):
    changed = [path for each in examples().values() for path in (each.files[0][0], each.lines[0][1])]
    for check in (["check"], ["format", "--check"]):
        run(house, "-m", "ruff", *check, *changed)


@pytest.mark.slow
def test_the_metric_is_in_the_table_of_every_search(house, tiny_bundle, tmp_path):
    values = evaluated(
        house, tiny_bundle.path, tmp_path / "m.csv", "--hash", "itq", "--bits", "8", "--k", "1,3,all",
        "--searches", "exact,hashed,hamming,asymmetric", "--metrics", "precision,reciprocal_rank",
    )  # fmt: skip
    engine = Engine(tiny_bundle)
    setting = Setting("semantic", "itq", 8, "2", "test-vs-test", "wordnet")
    task, rankings = engine.at(setting).task, engine.at(setting).rankings
    ranked = {"exact": rankings.exact(59, slice(None)), "hamming": rankings.near(59, slice(None))}
    for search, ids in ranked.items():
        right = task.gallery_labels[ids] == task.query_labels[:, None]
        for text, k in (("1", 1), ("3", 3), ("all", 59)):
            first = [next((1 / (i + 1) for i in range(k) if row[i]), 0.0) for row in right]
            assert values[search, text, "reciprocal_rank"] == pytest.approx(np.mean(first), abs=1e-12)
    for search in ("exact", "hashed", "hamming", "asymmetric"):
        assert values[search, "1", "reciprocal_rank"] == values[search, "1", "precision"]


def test_the_metric_is_in_curves_the_trade_off_and_selectors(house, tiny_bundle):
    code = f"""
from core.bundle.bundle import load_bundle
from core import evaluate, load_bundle
from core.engine.engine import Engine
from core.settings import Setting
from core.tradeoff.grid import quality_grid
from core.reports.curve_lines import MORE_METRICS
engine = Engine(load_bundle({str(tiny_bundle.path)!r}))
setting = Setting("semantic", "itq", 8, "2", "test-vs-test", "wordnet")
name = "reciprocal_rank"
curve = engine.at(setting).curves("hashed", [1, 5])[name]
assert curve.mean[1] == engine.at(setting).result("hashed", [5]).mean(name, 5), curve
assert (curve.low < curve.mean).all() and (curve.mean < curve.high).all()
grid = quality_grid(engine, setting, 5, [8], ["2"])
assert abs(grid.means[name][0, 0] - curve.mean[1]) < 1e-12
assert name in MORE_METRICS
print("done")
"""
    assert run(house, "-c", code) == "done\n"


@pytest.mark.slow
def test_the_hash_ranks_as_asymmetric_search_of_the_same_planes_does(house, tiny_bundle, tmp_path):
    shared = ["--bits", "16", "--k", "5,all", "--metrics", "ap,precision,ahp"]
    own = evaluated(
        house,
        tiny_bundle.path,
        tmp_path / "own.csv",
        "--hash",
        "weighted-signs",
        "--searches",
        "hamming,hashed",
        *shared,
    )
    planes = evaluated(
        house,
        tiny_bundle.path,
        tmp_path / "planes.csv",
        "--hash",
        "random-hyperplane",
        "--searches",
        "asymmetric",
        *shared,
    )
    for k, metric in planes["asymmetric"].index:
        assert own["hamming", k, metric] == pytest.approx(planes["asymmetric", k, metric], abs=1e-12)
    assert own["hashed", "5", "ap"] > own["hamming", "5", "ap"]


@pytest.mark.slow
def test_the_control_is_judged_and_listed_as_one(house, tiny_bundle, tmp_path):
    values = evaluated(
        house, tiny_bundle.path, tmp_path / "c.csv", "--hash", "row-number", "--searches", "hamming", "--k", "5",
        "--metrics", "precision",
    )  # fmt: skip
    labels, codes = tiny_bundle.labels("test"), np.arange(60, dtype=np.uint16).view(np.uint8).reshape(60, 2)
    right = [np.mean(labels[reference.hamming_ranking(codes[q], codes, q)[:5]] == labels[q]) for q in range(60)]
    assert values["hamming", "5", "precision"] == pytest.approx(np.mean(right), abs=1e-12)
    code = "from core.methods.scores import YARDSTICKS; from core.reports.figures.style import CONTROL_LOOKS as looks; "
    code += "print(YARDSTICKS[2], looks['row-number'].label)"
    assert run(house, "-c", code) == "row-number Row number (control)\n"


@pytest.mark.slow
def test_the_encoder_embeds_a_folder_and_a_picture(house, tmp_path):
    for name, colour in {"red": (200, 10, 10), "green": (10, 180, 30), "blue": (20, 10, 220)}.items():
        (tmp_path / "photos" / name).mkdir(parents=True)
        for shade in range(4):
            picture = np.full((40, 30, 3), np.array(colour) // (1 + shade), np.uint8)
            Image.fromarray(picture).save(tmp_path / "photos" / name / f"{shade}.png")
    bundle = tmp_path / "bundle"
    run(house, "-m", "core", "embed", "--dataset", tmp_path / "photos", "--encoder", "mean-colour", "--cache",
        tmp_path / "cache", "--out", bundle)  # fmt: skip
    assert evaluate(load_bundle(bundle), k=3, metrics=["precision"], searches=["exact"])["value"].tolist() == [1.0]
    asked = tmp_path / "photos" / "green" / "2.png"
    assert "green" in run(house, "-m", "core", "retrieve", "--bundle", bundle, "--picture", asked, "--k", "2")


@pytest.mark.slow
def test_the_page_opens(house, tiny_bundle):
    code = f"""
import sys
from streamlit.testing.v1 import AppTest
sys.argv = ["x", "--bundle", {str(tiny_bundle.path)!r}]
at = AppTest.from_file("Home.py", default_timeout=120).run()
at = at.switch_page("dashboard/class_sizes/page.py").run()
assert not at.exception and not at.error, [*at.exception, *at.error]
print(at.title[0].value, "|", [each.value for each in at.main.caption])
"""
    assert run(house, "-c", code) == "Class sizes | ['Images of each class in the gallery of test-vs-test.']\n"


@pytest.mark.slow
def test_the_backend_searches_and_changes_no_byte(house, tiny_bundle, tmp_path):
    code = f"""
from core.cli import main
from core.search.numpy_backend import Sorted
asked, near = [], Sorted.near
Sorted.near = lambda self, queries, *rest: asked.append(queries.dtype.name) or near(self, queries, *rest)
options = ["--bundle", {str(tiny_bundle.path)!r}, "--hash", "itq", "--bits", "8", "--k", "1,5,all"]
for engine in ("local", "numpy"):
    done = main(["evaluate", *options, "--engine", engine, "--out", f"{tmp_path}/{{engine}}.csv"])
    print(engine, done, sorted(set(asked)))
"""
    lines = [line for line in run(house, "-c", code).splitlines() if line.startswith(("local", "numpy"))]
    assert lines == ["local 0 []", "numpy 0 ['float32', 'uint8']"]
    assert (tmp_path / "local.csv").read_bytes() == (tmp_path / "numpy.csv").read_bytes()
