"""`fine-tune`: a backbone's last block and a hash head, trained together on a folder of labelled pictures."""

from __future__ import annotations

import argparse
from pathlib import Path

from core.cli.folder import add_weights, progress_bar
from core.cli.parser import Commands, whole_number
from core.settings import BITS_RANGE

DESCRIPTION = """Train the last block of a pretrained network and a hash head on a folder with one sub-folder a class.
The weights are then used by 'embed --weights', which takes the head along."""
EXAMPLE = """Example: python -m core fine-tune --dataset photos --hash hashnet --bits 48 --run runs/mine
         python -m core embed --dataset photos --encoder resnet50 --weights runs/mine/weights.safetensors --out mine"""


def add(commands: Commands) -> None:
    """Register the command."""
    parser = commands.add_parser(
        "fine-tune", help="train a backbone's last block with a hash head", description=DESCRIPTION, epilog=EXAMPLE
    )
    parser.add_argument("--dataset", metavar="DIR", type=Path, required=True, help="folder, one sub-folder a class")
    parser.add_argument("--encoder", metavar="NAME", default="resnet50", help="of torchvision (default: resnet50)")
    parser.add_argument("--hash", metavar="NAME", default="hashnet", help="whose objective is used (default: hashnet)")
    parser.add_argument("--bits", metavar="B", type=whole_number("bits", *BITS_RANGE), default=48, help="default: 48")
    parser.add_argument("--run", metavar="DIR", dest="run_folder", type=Path, required=True,
                        help="folder for weights, head and codes")  # fmt: skip
    parser.add_argument("--epochs", metavar="N", type=whole_number("epochs", 1), default=10, help="default: 10")
    parser.add_argument("--seed", metavar="S", type=whole_number("seed", 0, 2**32 - 1), default=0, help="default: 0")
    add_weights(parser)
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> None:
    """Train and say what was written."""
    from core.encoders.fine_tune import fine_tune
    from core.pictures.folder import find_pictures, folder_classes

    folder = find_pictures(args.dataset)
    folder_classes(folder)  # refused now, not after the features were made
    with progress_bar("pictures, then steps") as show:
        done = fine_tune(
            folder, args.encoder, args.weights, args.hash, args.bits, args.run_folder, args.epochs, args.seed,
            args.cache, show,
        )  # fmt: skip
    losses = ", ".join(f"{loss:.4f}" for loss in done.losses)
    print(f"{done.pictures:,} pictures of {done.classes} classes; trained: {', '.join(done.block)} and the head")
    print(f"loss of each epoch: {losses}")
    print(f"wrote {args.run_folder}")
