"""`prepare` and `store-overview`."""

from __future__ import annotations

from core.cli import compile_kernels
from core.reports.overview import NAME
from core.runtime import kernel_folder


def test_each_step_is_a_line(run, monkeypatch):
    def fake(report):
        report(0, 1, "exact search")
        report(1, 1, "done")

    monkeypatch.setattr(kernel_folder, "is_complete", lambda part="everything": False)
    monkeypatch.setattr(compile_kernels, "prepare", fake)
    assert run("prepare", bundle=False).out == "0 of 1: exact search\n1 of 1: done\n"
    assert run("prepare", "--quiet", bundle=False).out == ""


def test_what_is_complete_is_left_alone(run, monkeypatch):
    monkeypatch.setattr(kernel_folder, "is_complete", lambda part="everything": True)
    monkeypatch.setattr(compile_kernels, "prepare", None)
    assert run("prepare", bundle=False).out == "everything is compiled already\n"


def test_the_overview_is_stored_beside_the_manifest(run, make_bundle):
    bundle = make_bundle()
    ran = run("store-overview", "--bundle", bundle.path, bundle=False)
    assert ran.code == 0, ran.err
    assert ran.out == f"wrote {bundle.path / NAME}\n" and (bundle.path / NAME).exists()
