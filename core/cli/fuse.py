"""`fuse`: two encoders of a bundle as one."""

from __future__ import annotations

import argparse

from core.cli.options import add_bundle
from core.cli.parser import Commands, words
from core.cli.progress import percent_bar
from core.errors import BadInput

DESCRIPTION = """Put the vectors of two encoders side by side, as early fusion does, and keep them in the bundle as one
more encoder. How much each counts is chosen on held-out training images; no label enters the vectors."""
EXAMPLE = "Example: python -m core fuse --bundle my-bundle --encoders bovw,semantic"


def add(commands: Commands) -> None:
    """Register the command."""
    parser = commands.add_parser(
        "fuse", help="two encoders of a bundle as one more encoder", description=DESCRIPTION, epilog=EXAMPLE
    )
    add_bundle(parser, required=True)
    parser.add_argument("--encoders", metavar="A,B", type=words("encoders"), required=True,
                        help="two encoders of the bundle, both compared by cosine")  # fmt: skip
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> None:
    """Choose, keep, say what was chosen among."""
    from core.building.add_fusion import DEPTH, store_fusion

    if len(args.encoders) != 2:
        raise BadInput(f"encoders '{','.join(args.encoders)}': expected two different names, such as bovw,semantic")
    first, second = args.encoders
    with percent_bar("weights") as show:
        fused = store_fusion(args.bundle, first, second, show)
    print(f"ap@{DEPTH} on the held-out training images, by the weight of {first}:")
    for weight, value in fused.judged.items():
        alone = {0.0: f"  {second} alone", 1.0: f"  {first} alone"}.get(weight, "")
        print(f"  {weight:.2f}  {value:.4f}{alone}{'  chosen' if weight == fused.weight else ''}")
    best = max(fused.judged, key=fused.judged.__getitem__)
    if best in (0, 1):
        print(f"{first if best else second} alone does better: this fusion gains nothing")
    print(f"wrote encoder {fused.encoder} to {args.bundle}")
