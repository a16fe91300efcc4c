"""A setting of which only a part was named: the bundle's own defaults in the gaps."""

from __future__ import annotations

from core.bundle.bundle import Bundle
from core.codes.codes import bits_for, true_bits
from core.settings import KEEP, Setting, format_multiplier, parse_multiplier


def choose_setting(
    bundle: Bundle,
    encoder: str | None = None,
    hash: str | None = None,  # noqa: A002 the name that it has everywhere
    bits: int | None = None,
    multiplier: str | float = "2",
    protocol: str | None = None,
    hierarchy: str | None = None,
    seed: int = 0,
    queries: int | None = None,
    near_duplicates: str = KEEP,
) -> Setting:
    """The setting that was asked for, with the code's true length; None is the bundle's default.

    Raises BadInput for a name or a length that the bundle does not have, and a number out of range.
    """
    defaults = bundle.defaults
    encoder, name = encoder or defaults["encoder"], hash or defaults["hash"]
    bundle.encoder_info(encoder)
    hierarchy = hierarchy or defaults["hierarchy"]
    bundle.hierarchy(hierarchy)
    parse_multiplier(multiplier)
    return Setting(
        encoder=encoder,
        hash=name,
        bits=true_bits(bundle, encoder, name, default_bits(bundle, encoder, name) if bits is None else bits),
        multiplier=format_multiplier(multiplier),
        protocol=protocol or defaults["protocol"],
        hierarchy=hierarchy,
        seed=seed,
        queries=queries,
        near_duplicates=near_duplicates,
    )


def default_bits(bundle: Bundle, encoder: str, name: str) -> int:
    """The bundle's default length where the hash has it, else the nearest below it, else its shortest."""
    wanted = bundle.defaults["bits"]
    offered = bits_for(bundle, encoder, name)
    below = [bits for bits in offered if bits <= wanted]
    return max(below) if below else min(offered, default=wanted)
