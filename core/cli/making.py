"""`train`, `embed`, `hash` and `build`: from pictures to a bundle."""

from __future__ import annotations

import argparse
from pathlib import Path

from core.cli import embed_folder
from core.cli.info import describe
from core.cli.options import add_bundle, add_out
from core.cli.parser import Commands, Parser, whole_number, whole_numbers, words
from core.datasets.cifar import Cifar, default_download_root
from core.datasets.registry import DATASETS, get_dataset
from core.encoders.names import FIXED, TRAINED
from core.errors import BadInput
from core.hashing.registry import get_hash
from core.runtime.memory import keep_freed_memory
from core.runtime.parallel import check_threads
from core.settings import BITS_RANGE


def add(commands: Commands) -> None:
    """Register the four commands."""
    train = _command(commands, "train", "train an encoder on CIFAR-100 or CIFAR-10; goes on where a stopped run was")
    _add_pictures(train)
    _add_training(train)
    train.set_defaults(run=run_train)

    embed = _command(
        commands, "embed", "embed CIFAR-100, CIFAR-10 or a folder of pictures into a bundle", "--out my-bundle"
    )
    _add_pictures(embed, own=True)
    embed_folder.add_options(embed)
    add_out(embed, "folder of the bundle", required=True, metavar="DIR")
    embed.set_defaults(run=run_embed)

    hashes = _command(commands, "hash", "fit hashes on a bundle's embeddings and keep them in it", None)
    hashes.epilog = "Example: python -m core hash --bundle my-bundle --hash itq,pca-sign --bits 32,64"
    add_bundle(hashes, required=True)
    hashes.add_argument("--encoder", metavar="NAME", help="encoder of the bundle (default: the bundle's own)")
    hashes.add_argument(
        "--hash", metavar="LIST", type=words("hash", _fitted), required=True, help="comma-separated names of hashes"
    )
    hashes.add_argument(
        "--bits",
        metavar="LIST",
        type=whole_numbers("bits", *BITS_RANGE),
        help="comma-separated lengths (default: every one that the method offers)",
    )
    hashes.add_argument("--seed", metavar="S", type=whole_number("seed", 0, 2**32 - 1), default=0, help="default: 0")
    hashes.add_argument("--threads", metavar="T", type=whole_number("threads", 1, 1024),
                        help="hashes fitted at a time (default: one a core); changes no result")  # fmt: skip
    hashes.set_defaults(run=run_hash)

    build = _command(commands, "build", "train, embed and hash in turn, into a bundle", "--out my-bundle")
    _add_pictures(build)
    _add_training(build)
    add_out(build, "folder of the bundle", required=True, metavar="DIR")
    build.set_defaults(run=run_build)


def run_train(args: argparse.Namespace) -> None:
    """Train."""
    keep_freed_memory()
    from core.building.build import train_encoder

    dataset = get_dataset(args.dataset)
    result = train_encoder(
        _root(args, dataset), args.encoder, args.run_folder, args.seed, _changes(args), not args.scratch, dataset,
        args.teacher, args.every,
    )  # fmt: skip
    for name, value in result.items():
        print(f"{name:<22} {value:.4f}" if isinstance(value, float) else f"{name:<22} {value}")
    print(f"wrote {args.run_folder}")


def run_embed(args: argparse.Namespace) -> None:
    """Embed."""
    from core.building.add_embedding_map import add_map
    from core.building.embed import embed

    dataset = DATASETS.get("cifar-100" if args.dataset is None else str(args.dataset).lower())
    if dataset is not None:
        args.dataset = None
    embed_folder.check(args)
    if dataset is None:
        embed_folder.run(args)
    else:
        for name in embed(_root(args, dataset), args.encoder, args.run_folder, args.out, dataset):
            add_map(args.out, name)
    _print_bundle(args.out)


def run_hash(args: argparse.Namespace) -> None:
    """Fit the hashes."""
    from core.building.add_hashes import make_hashes
    from core.bundle.bundle import load_bundle

    encoder = args.encoder or load_bundle(args.bundle).defaults["encoder"]
    make_hashes(args.bundle, encoder, args.hash, args.bits, args.seed, check_threads(args.threads))
    _print_bundle(args.bundle)


def run_build(args: argparse.Namespace) -> None:
    """All three."""
    keep_freed_memory()
    from core.building.build import build

    dataset = get_dataset(args.dataset)
    changes, root = _changes(args), _root(args, dataset)
    build(root, args.encoder, args.run_folder, args.out, args.seed, changes, not args.scratch, dataset,
          args.teacher, args.every)  # fmt: skip
    _print_bundle(args.out)


def _command(commands: Commands, name: str, text: str, more: str | None = "") -> Parser:
    example = f"Example: python -m core {name} --root data --encoder semantic --run runs/semantic {more or ''}"
    return commands.add_parser(name, help=text, description=text[0].upper() + text[1:] + ".", epilog=example.strip())


def _add_pictures(parser: Parser, own: bool = False) -> None:
    """CIFAR, an encoder and its training; with `own` other pictures too, and torchvision's encoders for them."""
    folders = " or ".join(f"{dataset.folder}/" for dataset in DATASETS.values())
    if not own:
        parser.add_argument("--dataset", metavar="NAME", choices=sorted(DATASETS), default="cifar-100",
                            help=f"of {', '.join(DATASETS)} (default: cifar-100)")  # fmt: skip
    places = "$CIFAR_ROOT, ./data or ~/.cache/cifar"
    parser.add_argument("--root", metavar="DIR", type=Path, help=f"folder that holds {folders} (default: {places})")
    parser.add_argument("--download", action="store_true", help="fetch the data set (170 MB) where it is not there")
    parser.add_argument(
        "--encoder", metavar="NAME", choices=None if own else sorted(TRAINED), default="semantic",
        help=f"of {', '.join(TRAINED)}{', with --dataset ' if own else ''}"
        f"{', '.join((*FIXED, 'a classifier of torchvision too')) if own else ''} (default: semantic)",
    )  # fmt: skip
    parser.add_argument("--run", metavar="DIR", dest="run_folder", type=Path, required=not own,
                        help="folder of the training: checkpoint, log and weights")  # fmt: skip


def _add_training(parser: Parser) -> None:
    parser.add_argument("--seed", metavar="S", type=whole_number("seed", 0, 2**32 - 1), default=0, help="default: 0")
    parser.add_argument("--epochs", metavar="N", type=whole_number("epochs", 1), help="default: the recipe's")
    parser.add_argument("--set", metavar="FIELD=VALUE", action="append", default=[], dest="changes",
                        help="change a field of the recipe, such as widths=64,128,256; may be repeated")  # fmt: skip
    parser.add_argument("--teacher", metavar="DIR", type=Path, help="folder of the run that is distilled, where the "
                        "recipe has a weight for it (semantic: a run of semantic-teacher)")  # fmt: skip
    parser.add_argument("--every", metavar="N", type=whole_number("every", 1), default=1,
                        help="epochs between checkpoints (default: 1)")  # fmt: skip
    parser.add_argument("--scratch", action="store_true",
                        help="start source-alexnet from random weights, not from ImageNet's")  # fmt: skip


def _changes(args: argparse.Namespace) -> list[str]:
    """The changes of the recipe that the options ask for."""
    return [*args.changes, *([] if args.epochs is None else [f"epochs={args.epochs}"])]


def _root(args: argparse.Namespace, dataset: Cifar) -> Path:
    """The folder that holds the data set; a folder that was named is the only one looked at."""
    root = dataset.locate(args.root)
    if root is None and args.download:
        return dataset.download(args.root or default_download_root())
    if root is None:
        raise BadInput(f"{dataset.missing(args.root)} with --root, or add --download")
    return root


def _fitted(name: str) -> None:
    if get_hash(name).fit is None:
        raise BadInput(f"hash '{name}' is not fitted on embeddings, so there is nothing to make")


def _print_bundle(folder: str | Path) -> None:
    from core.bundle.bundle import load_bundle

    for line in describe(load_bundle(folder, verify=True)):
        print(line)
