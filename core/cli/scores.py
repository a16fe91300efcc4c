"""`scores`: every method's score of every query, kept in a bundle for the Methods page."""

from __future__ import annotations

import argparse

from tqdm import tqdm

from core.cli import engine_option, options
from core.cli.options import add_bundle, add_threads
from core.cli.parser import Commands, Parser, whole_number, whole_numbers, words
from core.cli.shards import add_shards, open_backend
from core.errors import unknown_name
from core.hashing.kmeans import CELL_BITS
from core.hashing.registry import HASHES
from core.methods.scores import EXACT, SHIPPED_MEASURES
from core.protocols import get_protocol
from core.runtime.parallel import check_threads
from core.settings import BITS_DEFAULT, BITS_RANGE, Setting

DESCRIPTION = f"""Score every query by every hash method and keep the scores in the bundle, where the Methods page finds
them: {", ".join(measure.name for measure in SHIPPED_MEASURES)}. Each is kept as soon as it is made, so a run that
was stopped goes on where it was; what is there of the same codes is left alone, what is of other codes is replaced.
Takes seconds a method, length and protocol, and the time to fit methods that the bundle holds no head of."""
EXAMPLE = "Example: python -m core scores --bundle my-bundle --hash itq,csq --bits 16,48 --protocol test-vs-test"


def add(commands: Commands) -> None:
    """Register the command."""
    parser: Parser = commands.add_parser(
        "scores", help="score every query by every method and keep it in a bundle", description=DESCRIPTION,
        epilog=EXAMPLE,
    )  # fmt: skip
    add_bundle(parser, required=True)
    parser.add_argument("--encoder", metavar="NAME", help="encoder of the bundle (default: the bundle's own)")
    parser.add_argument(
        "--hash", metavar="LIST", type=words("hash", _method),
        help=f"comma-separated names of hashes, and '{EXACT}' for raw similarity (default: all there are)",
    )  # fmt: skip
    parser.add_argument(
        "--bits", metavar="LIST", type=whole_numbers("bits", CELL_BITS[0], BITS_RANGE[1]),
        help="comma-separated lengths (default: 16, 32, 48, 64, 128, or those that the method has)",
    )  # fmt: skip
    parser.add_argument(
        "--protocol", metavar="LIST", type=words("protocol", get_protocol),
        help="comma-separated protocols (default: all of the bundle's)",
    )  # fmt: skip
    seed = whole_number("seed", 0, 2**32 - 1)
    parser.add_argument(
        "--seeds", metavar="LIST", type=lambda text: list(dict.fromkeys(seed(part) for part in words("seeds")(text))),
        default=[0], help=f"the first at every length, the others at {BITS_DEFAULT} bits alone (default: 0)",
    )  # fmt: skip
    add_threads(parser)
    engine_option.add_engine(parser)
    add_shards(parser)
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> None:
    """Score what the bundle lacks."""
    from core.building.add_scores import make_scores
    from core.bundle.bundle import load_bundle

    bundle = load_bundle(args.bundle)
    encoder = args.encoder or bundle.defaults["encoder"]
    bundle.encoder_info(encoder)
    for name in args.protocol or ():
        if name not in bundle.protocols:
            raise unknown_name("protocol", name, bundle.protocols)
    backend = open_backend(args)
    with tqdm(desc="scores", unit="cell", disable=None) as bar:

        def hear(setting: Setting, number: int, total: int) -> None:
            bar.total, bar.n = total, number
            bits = "" if setting.hash == EXACT else f" {setting.bits}"
            bar.set_postfix_str(f"{setting.protocol} {setting.hash}{bits}")

        made, kept = make_scores(
            args.bundle, encoder, args.hash, args.bits, args.protocol, args.seeds, check_threads(args.threads), hear,
            backend,
        )  # fmt: skip
    print(f"wrote {args.bundle}: {made} scored, {kept} were there already")
    options.Notes(engine_option.remarks(backend)).print()


def _method(name: str) -> None:
    if name != EXACT and name not in HASHES:
        raise unknown_name("hash", name, [*HASHES, EXACT])
