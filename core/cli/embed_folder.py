"""`embed --dataset`: a folder with one sub-folder a class into a labelled bundle."""

from __future__ import annotations

import argparse
from pathlib import Path

from core.cli.folder import add_weights, index_named, tell_skipped
from core.cli.parser import Parser, whole_number
from core.encoders.names import TRAINED
from core.errors import BadInput, unknown_name


def add_options(parser: Parser) -> None:
    """The options of pictures that are not CIFAR's."""
    parser.add_argument(
        "--dataset",
        metavar="NAME|DIR",
        type=Path,
        help="cifar-100, cifar-10, or your own pictures: a folder with one sub-folder a class (default: cifar-100)",
    )
    parser.add_argument(
        "--queries", metavar="DIR", type=Path,
        help="a second such folder, whose pictures query the first (default: each picture queries all others)",
    )  # fmt: skip
    add_weights(parser)
    parser.add_argument("--dimensions", metavar="D", type=whole_number("dimensions", 1),
                        help="reduce features to so many by PCA (default: all that the encoder gives)")  # fmt: skip
    parser.add_argument("--hierarchy-file", metavar="FILE", help="class tree, one 'parent child' pair a line")


def check(args: argparse.Namespace) -> None:
    """BadInput for options that go with --dataset alone, or not with it."""
    if args.dataset is None:
        given = {"--queries": args.queries, "--weights": args.weights, "--cache": args.cache,
                 "--dimensions": args.dimensions, "--hierarchy-file": args.hierarchy_file}  # fmt: skip
        for option, value in given.items():
            if value is not None:
                raise BadInput(f"{option} goes with --dataset DIR, a folder of your own pictures")
        if args.encoder not in TRAINED:
            raise unknown_name("encoder", args.encoder, TRAINED)
        if args.run_folder is None:
            raise BadInput("--run DIR is missing: name the folder of the training, or your own pictures by --dataset")
    elif args.root is not None or args.download or args.run_folder is not None:
        raise BadInput("--root, --download and --run are for CIFAR: leave them out with --dataset DIR")


def run(args: argparse.Namespace) -> None:
    """Index both folders, write the bundle."""
    from core.building.picture_bundle import write_bundle
    from core.bundle.writer import check_target
    from core.cli.search_folder import own_bundle
    from core.encoders.fine_tuned import beside
    from core.encoders.picture_encoder import open_encoder
    from core.pictures.folder import find_pictures, folder_classes

    check_target(args.out)
    for folder in filter(None, (args.dataset, args.queries)):
        folder_classes(find_pictures(folder))  # refused now, not after hours of encoding
    encoder = open_encoder(args.encoder, args.weights, own_bundle(None))
    gallery = index_named(args.dataset, encoder, args.cache)
    queries = None if args.queries is None else index_named(args.queries, encoder, args.cache)
    hashes = () if args.dimensions is not None else beside(args.weights)
    write_bundle(args.out, encoder, gallery, queries, args.dimensions, args.hierarchy_file, hashes)
    tell_skipped(gallery.skipped + ([] if queries is None else queries.skipped))
