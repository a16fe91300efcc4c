"""Pinned settings as text, such as `itq-48-2`: hash, bits, multiplier; with `encoder:` before it where that is not the
bundle's default. Protocol and hierarchy are not pinned, so that all are judged on the same queries.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace

from core.bundle.bundle import Bundle
from core.codes.codes import true_bits
from core.errors import BadInput, unknown_name
from core.hashing.registry import get_hash
from core.settings import Setting, format_multiplier, parse_multiplier

MOST = 4
_SHAPE = re.compile(r"(?:([\w.-]{1,60}):)?([a-z-]{1,40})-([0-9]{1,4})-([0-9.]{1,8}|all)", re.ASCII)


@dataclass(frozen=True)
class Pin:
    """What a pin keeps of a setting."""

    encoder: str
    hash: str
    bits: int
    multiplier: str

    @classmethod
    def of(cls, setting: Setting, bundle: Bundle) -> Pin:
        """The pin of a setting, with the bits its hash really has."""
        bits = true_bits(bundle, setting.encoder, setting.hash, setting.bits)
        return cls(setting.encoder, setting.hash, bits, format_multiplier(setting.multiplier))

    def setting(self, base: Setting) -> Setting:
        """This pin under the protocol and hierarchy of `base`."""
        return replace(base, encoder=self.encoder, hash=self.hash, bits=self.bits, multiplier=self.multiplier)

    def label(self, bundle: Bundle) -> str:
        """Such as 'ITQ 48 bit ×2'; the encoder leads where the bundle has several."""
        lead = f"{self.encoder}: " if len(bundle.encoders) > 1 else ""
        return f"{lead}{get_hash(self.hash).label} {self.bits} bit ×{self.multiplier}"

    def text(self, bundle: Bundle) -> str:
        """Such as 'itq-48-2'."""
        lead = "" if self.encoder == bundle.defaults["encoder"] else f"{self.encoder}:"
        return f"{lead}{self.hash}-{self.bits}-{self.multiplier}"


def to_text(pins: Iterable[Pin], bundle: Bundle) -> str:
    """The URL's text of some pins."""
    return ";".join(pin.text(bundle) for pin in pins)


def parse(text: str, bundle: Bundle) -> tuple[list[Pin], list[str]]:
    """The pins of a URL's text, and a note on each that was dropped."""
    pins: list[Pin] = []
    notes: list[str] = []
    for part in filter(None, (part.strip() for part in text.split(";"))):
        try:
            pin = parse_one(part, bundle)
        except BadInput as error:
            notes.append(f"A pinned setting of the link was dropped: {error}.")
            continue
        if pin in pins:
            continue
        if len(pins) == MOST:
            notes.append(f"The link pins more than {MOST} settings: the first {MOST} are shown.")
            break
        pins.append(pin)
    return pins, notes


def check_shape(text: str) -> str:
    """The text itself; BadInput where it is none of a pin."""
    if not _SHAPE.fullmatch(text):
        raise BadInput(f"'{text}' pins no setting: expected HASH-BITS-MULTIPLIER, such as itq-48-2")
    return text


def parse_one(text: str, bundle: Bundle) -> Pin:
    """One pin of its text; raises BadInput where it is none, or not one of this bundle."""
    match = _SHAPE.fullmatch(text)
    if not match:
        # What does not have the shape is not repeated: it came from a link and would be shown as Markdown.
        raise BadInput("its text is none such as itq-48-2 (hash-bits-multiplier)")
    encoder, name, bits, multiplier = match.groups()
    encoder = encoder or bundle.defaults["encoder"]
    if encoder not in bundle.encoders:
        raise unknown_name("encoder", encoder, bundle.encoders)
    parse_multiplier(multiplier)
    return Pin(encoder, name, true_bits(bundle, encoder, name, int(bits)), format_multiplier(multiplier))
