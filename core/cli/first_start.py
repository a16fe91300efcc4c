"""`prepare` and `store-overview`: what a first start would have to wait for, done before."""

from __future__ import annotations

import argparse

from core.cli.options import add_bundle
from core.cli.parser import Commands


def add(commands: Commands) -> None:
    """Register the two commands."""
    text = "compile everything that the dashboard needs, so that it starts fast; needed once per machine"
    prepare = commands.add_parser(
        "prepare", help=text, description=text.capitalize() + ".", epilog="Example: python -m core prepare"
    )
    prepare.add_argument("--quiet", action="store_true", help="print nothing")
    prepare.set_defaults(run=run_prepare)

    text = "compute the first page's numbers and keep them beside the bundle, until code or bundle change"
    store = commands.add_parser(
        "store-overview",
        help=text,
        description=text.capitalize() + ".",
        epilog="Example: python -m core store-overview",
    )
    add_bundle(store)
    store.set_defaults(run=run_store)


def run_prepare(args: argparse.Namespace) -> None:
    """Print a line for each step as it begins: `3 of 24: hamming search`."""
    from core.cli.compile_kernels import prepare
    from core.runtime.kernel_folder import is_complete

    def report(done: int, steps: int, name: str) -> None:
        if not args.quiet:
            print(f"{done} of {steps}: {name}", flush=True)

    if not is_complete():
        prepare(report)
    elif not args.quiet:
        print("everything is compiled already")


def run_store(args: argparse.Namespace) -> None:
    """Compute and write."""
    from core.bundle.bundle import load_bundle
    from core.reports.overview import store

    print(f"wrote {store(load_bundle(args.bundle))}")
