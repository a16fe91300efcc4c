"""A command that is shown asks for what it was shown for."""

from __future__ import annotations

import shlex

import pytest

from core.cli import build_parser, options
from core.cli.export import _given, _ks
from core.engine.engine import Engine
from core.exports.command_line import OPTIONS, export_command
from core.exports.export import Export
from core.exports.registry import EXPORTS
from core.exports.request import Request
from core.settings import Setting

SETTING = Setting("semantic", "itq", 8, "1.25", "test-vs-train", "superclass", 3, 20)
CHOSEN = {
    "map_metric": "ap_source", "mahp_metric": "ahp_trapezoid", "metrics": ("ap", "ahp"), "metric": "overlap",
    "search": "exact", "level": "superclass", "judge": "majority",
    "pins": ("itq-16-2", "pca-sign-8-all"), "beside": ("mine=a folder", "b=/c"),

    "controls": ("random-codes",), "ties": True, "asymmetric": True, "reference": "exact", "loss": 2.5,
    "encoders": ("semantic",), "memory": 16, "times": True, "stored": True,
}  # fmt: skip


@pytest.fixture(scope="module")
def engine(tiny_bundle):
    return Engine(tiny_bundle, 1)


def read_back(engine, export, command):
    args = build_parser().parse_args(shlex.split(command)[3:])
    given = _given(args, export)
    return Request(engine, options.setting_of(args, engine.bundle), _ks(args.k, export, 150), **given)


@pytest.mark.parametrize("name", list(EXPORTS))
def test_the_command_asks_for_the_same(engine, name):
    export = EXPORTS[name]
    chosen = {field: value for field, value in CHOSEN.items() if field in export.reads}
    ks = (1, 7) if "metrics" in export.reads else (7,)
    asked = Request(engine, SETTING, ks if "ks" in export.reads else _ks(None, export, 150), **chosen)
    command = export_command(export, asked, "out")
    assert command.startswith(f"python -m core export {name} --bundle ")
    assert read_back(engine, export, command) == asked


def test_every_field_that_has_an_option_is_tried():
    assert {"ks", *CHOSEN} == OPTIONS.keys()


def test_an_empty_list_and_a_plain_choice(engine):
    export = Export("summary", "Page", "d", lambda request: "x", ("metrics", "pins", "times", "controls"))
    asked = Request(engine, SETTING, (7,), metrics=())
    assert export_command(export, asked, "f").endswith(" --queries 20 --seed 3 --metrics none --out f")
    assert " --out tiny_itq_8_x1.25_summary.csv" in export_command(export, asked)
