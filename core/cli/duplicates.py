"""`duplicates`: find pictures that are nearly equal and keep the pairs in a bundle."""

from __future__ import annotations

import argparse
from pathlib import Path

from tqdm import tqdm

from core.cli.options import add_bundle
from core.cli.parser import Commands, Parser, whole_number
from core.datasets.registry import DATASETS, get_dataset
from core.errors import BadInput
from core.runtime.parallel import check_threads

DESCRIPTION = """Find pictures of CIFAR-100 or CIFAR-10 that are the same, or nearly so, within test and between test
and train, from their pixels: mirrored, moved, scaled, brighter or darker. The pairs are kept in the bundle, where
--near-duplicates leave-out of the other commands finds them. Takes minutes."""
EXAMPLE = "Example: python -m core duplicates --root data --bundle my-bundle"


def add(commands: Commands) -> None:
    """Register the command."""
    parser: Parser = commands.add_parser(
        "duplicates", help="find nearly equal pictures and keep the pairs in a bundle", description=DESCRIPTION,
        epilog=EXAMPLE,
    )  # fmt: skip
    add_bundle(parser, required=True)
    parser.add_argument(
        "--root", metavar="DIR", type=Path,
        help=f"folder that holds {' or '.join(f'{dataset.folder}/' for dataset in DATASETS.values())} "
        "(default: $CIFAR_ROOT, ./data or ~/.cache/cifar)",
    )  # fmt: skip
    parser.add_argument(
        "--threads", metavar="T", type=whole_number("threads", 1, 1024), help="default: every core; changes no result"
    )
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> None:
    """Find, keep and count."""
    from core.building.add_near_duplicates import store_near_duplicates
    from core.bundle.bundle import load_bundle

    dataset = get_dataset(load_bundle(args.bundle).dataset)
    root = dataset.locate(args.root)
    if root is None:
        raise BadInput(f"{dataset.missing(args.root)} with --root")
    with tqdm(total=100, unit="%", disable=None) as bar:

        def hear(key: str, share: float) -> None:
            bar.set_description(key, refresh=False)
            bar.update(int(100 * share) - bar.n)

        counts = store_near_duplicates(args.bundle, root, check_threads(args.threads), hear)
    for key, count in counts.items():
        print(f"{key}: {count:,} pairs")
    print(f"wrote {args.bundle}")
