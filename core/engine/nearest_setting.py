"""A setting as near as another bundle has it: what a link asks for, or what a second bundle is looked at with."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import TypeVar

from core.bundle.bundle import Bundle
from core.codes.codes import bits_for, usable_hashes
from core.engine.near_duplicates import has_pairs, why_not
from core.protocols import get_protocol
from core.settings import ALL, KEEP, LEAVE_OUT, Setting

Option = TypeVar("Option")


def nearest_option(value: object, options: Sequence[Option], default: Option) -> Option:
    """The option equal to `value`, else the one nearest in number, else `default`, else the first.

    >>> nearest_option("50", [16, 48, 64], 16), nearest_option("itq", ["pq", "csq"], "csq")
    (48, 'csq')
    """
    for option in options:
        if option == value:
            return option
    try:
        number = float(value)  # type: ignore[arg-type]
        if not math.isfinite(number):
            raise ValueError(value)
        numbers = [option for option in options if str(option) != ALL]
        return min(numbers, key=lambda option: abs(float(option) - number))  # type: ignore[arg-type]
    except (TypeError, ValueError):
        return default if default in options else options[0]


def nearest_setting(bundle: Bundle, setting: Setting) -> Setting:
    """The setting with the bundle's own defaults for what it does not have, and the nearest of its lengths."""
    defaults = bundle.defaults
    encoder = nearest_option(setting.encoder, bundle.encoders, defaults["encoder"])
    name = nearest_option(setting.hash, usable_hashes(bundle, encoder), defaults["hash"])
    offered = bits_for(bundle, encoder, name)
    protocol = nearest_option(setting.protocol, bundle.protocols, defaults["protocol"])
    able = has_pairs(bundle) and not why_not(bundle, get_protocol(protocol))
    return replace(
        setting,
        encoder=encoder,
        hash=name,
        bits=nearest_option(setting.bits, offered, offered[0]),
        protocol=protocol,
        hierarchy=nearest_option(setting.hierarchy, bundle.hierarchies, defaults["hierarchy"]),
        near_duplicates=LEAVE_OUT if able and setting.near_duplicates == LEAVE_OUT else KEEP,
    )
