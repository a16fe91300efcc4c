"""`search-folder`: the pictures of a folder that are nearest to one."""

from __future__ import annotations

import argparse
from pathlib import Path

from core.bundle.bundle import Bundle, load_bundle
from core.bundle.vectors import SIMILARITIES
from core.cli import options
from core.cli.folder import add_weights, index_named, tell_skipped
from core.cli.parser import Commands, whole_number
from core.errors import BadInput
from core.runtime.atomic_file import whole_file

DESCRIPTION = """The pictures of a folder, and of all folders in it, that are nearest to a picture. A folder is indexed
at the first search; later ones encode only what is new or changed."""
EXAMPLE = "Example: python -m core search-folder --dataset photos --query cat.jpg --k 9 --plot found.png"
ENCODER = "resnet50"


def add(commands: Commands) -> None:
    """Register the command."""
    parser = commands.add_parser(
        "search-folder", help="the nearest images to a picture in a folder", description=DESCRIPTION, epilog=EXAMPLE
    )
    parser.add_argument("--dataset", metavar="DIR", type=Path, required=True, help="folder of pictures")
    parser.add_argument("--query", metavar="FILE", type=Path, required=True, help="picture to search for")
    parser.add_argument("--k", metavar="K", type=whole_number("k", 1), default=9, help="pictures shown (default: 9)")
    parser.add_argument(
        "--encoder", metavar="NAME", default=ENCODER,
        help=f"a classifier of torchvision, or an encoder of the bundle such as semantic (default: {ENCODER})",
    )  # fmt: skip
    parser.add_argument(
        "--similarity", choices=SIMILARITIES, default=SIMILARITIES[0],
        help="how features are compared; by inner product (a plain dot product) their length counts (default: cosine)",
    )  # fmt: skip
    add_weights(parser)
    options.add_bundle(parser)
    options.add_out(parser)
    parser.add_argument("--plot", metavar="FILE", type=Path, help="the query and its hits as a .png picture")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> None:
    """Index, search, print, write."""
    options.check_files(args.out, args.plot)
    if args.plot is not None and args.plot.suffix.lower() != ".png":
        raise BadInput(f"plot '{args.plot}' is of no known kind: give a name that ends in .png")
    from core.encoders.picture_encoder import open_encoder
    from core.pictures.file import read_picture
    from core.pictures.grid import grid_picture, png_bytes
    from core.pictures.search import hits_csv, search_index

    query = read_picture(args.query)
    encoder = open_encoder(args.encoder, args.weights, own_bundle(args.bundle))
    index = index_named(args.dataset, encoder, args.cache)
    hits = search_index(index, encoder.encode_pictures([query])[0], args.k, args.similarity)
    print(f"{args.query.name} in {len(index):,} pictures ({index.encoded:,} encoded now), encoder {encoder.name}, "
          f"similarity: {args.similarity}")  # fmt: skip
    for hit in hits:
        print(f"{hit.rank:>6}  {hit.score:.4f}  {hit.path}")
    tell_skipped(index.skipped)
    if args.out:
        with whole_file(args.out) as file:
            file.write(hits_csv(hits))
        print(f"wrote {args.out}")
    if args.plot:
        with whole_file(args.plot) as file:
            file.write(png_bytes(grid_picture(index.folder.root, query, hits)))
        print(f"wrote {args.plot}")


def own_bundle(named: str | None) -> Bundle | None:
    """The bundle whose encoders can be named; where none was asked for, none need be there."""
    try:
        return load_bundle(named)
    except BadInput:
        if named is not None:
            raise
        return None
