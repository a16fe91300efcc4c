"""The options of an evaluation over shards, and who searches by them."""

from __future__ import annotations

import argparse
from pathlib import Path

from core.cli import engine_option
from core.cli.parser import Parser, whole_number
from core.cli.progress import ShardBar
from core.errors import BadInput
from core.search.door import SearchBackend
from core.search.engines.cluster import Cluster
from core.search.engines.spread import SpreadBackend
from core.search.local import LOCAL


def add_shards(parser: Parser) -> None:
    """--workers, --scheduler and --shard-dir."""
    who = parser.add_mutually_exclusive_group()
    who.add_argument(
        "--workers", metavar="N", type=whole_number("workers", 1, 256),
        help="search in N processes of this machine, shard by shard; changes no result",
    )  # fmt: skip
    who.add_argument(
        "--scheduler", metavar="ADDRESS", help="search by the workers of a dask scheduler, such as tcp://host:8786"
    )
    parser.add_argument(
        "--shard-dir", metavar="DIR", type=Path,
        help="where the gallery's shards are written, by the same path on all machines (default: a temporary folder)",
    )  # fmt: skip


def open_backend(args: argparse.Namespace) -> SearchBackend:
    """Who searches: the search engine of a command, or workers over shards."""
    workers, scheduler = getattr(args, "workers", None), getattr(args, "scheduler", None)
    if workers is None and scheduler is None:
        if getattr(args, "shard_dir", None):
            raise BadInput("--shard-dir is for evaluation over shards: give --workers or --scheduler as well")
        return engine_option.open_backend(args)
    asked = "--scheduler" if workers is None else "--workers"
    if getattr(args, "engine", LOCAL.name) != LOCAL.name:
        raise BadInput(f"--engine {args.engine} does not search by shards: leave it out, or leave {asked} out")
    cluster = Cluster.connect(str(scheduler)) if workers is None else Cluster.start(workers)
    return SpreadBackend(cluster, folder=args.shard_dir, hear=ShardBar())
