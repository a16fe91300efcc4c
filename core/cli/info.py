"""`info`: what a bundle holds, checked against its manifest."""

from __future__ import annotations

import argparse

from core.bundle.bundle import Bundle, load_bundle
from core.bundle.manifest import files
from core.cli.options import add_bundle
from core.cli.parser import Commands
from core.codes.codes import bits_for, usable_hashes
from core.hashing.registry import get_hash

EXAMPLE = "Example: python -m core info --bundle my-bundle"


def add(commands: Commands) -> None:
    """Register the command."""
    text = "what a bundle holds, checked against its manifest"
    parser = commands.add_parser("info", help=text, description=text.capitalize() + ".", epilog=EXAMPLE)
    add_bundle(parser)
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> None:
    """Read every file, then print the contents."""
    bundle = load_bundle(args.bundle, verify=True)
    for line in describe(bundle):
        print(line)


def describe(bundle: Bundle) -> list[str]:
    """The contents as lines of text."""
    listed = {entry["file"] for entry in files(bundle.manifest)}
    size = sum((bundle.path / name).stat().st_size for name in listed)
    groups = f" in {len(bundle.superclass_names)} superclasses" if bundle.superclass_names else ""
    lines = [
        f"bundle       {bundle.name} ({bundle.path})",
        f"version      {bundle.version}",
        f"files        {len(listed)}, {size / 1e6:.1f} MB: every checksum is as the manifest has it",
        f"data         {bundle.dataset}, {len(bundle.class_names)} classes{groups}",
        "splits       " + ", ".join(f"{split} {bundle.count(split):,}" for split in bundle.splits),
        f"hierarchies  {', '.join(bundle.hierarchies)}",
        f"protocols    {', '.join(bundle.protocols)}",
    ]
    for encoder in bundle.encoders:
        entry = bundle.encoder_info(encoder)
        accuracy = entry.get("accuracy")
        measured = f", accuracy {accuracy:.4f}" if accuracy is not None else ""
        compared = f", compared by {bundle.similarity(encoder).replace('-', ' ')}"
        lines.append(f"encoder      {encoder}: {entry['dimensions']} dimensions{measured}{compared}; {entry['made']}")
        stored = set(bundle.stored_hashes(encoder))
        for name in usable_hashes(bundle, encoder):
            lengths = [f"{bits}*" if (name, bits) in stored else str(bits) for bits in bits_for(bundle, encoder, name)]
            control = " (control)" if get_hash(name).control and "control" not in name else ""
            lines.append(f"  hash       {name}{control}: {', '.join(lengths)} bits")
    if any(bundle.stored_hashes(encoder) for encoder in bundle.encoders):
        lines.append("             * stored, as codes or as a head; other lengths are derived or fitted when asked for")
    lines.append("defaults     " + ", ".join(f"{name} {value}" for name, value in bundle.defaults.items()))
    return lines
