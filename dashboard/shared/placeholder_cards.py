"""The drawn card that stands for an image when its picture is not at hand.

An emoji of the class (initials for a class without one) and the class name, on the colour of its superclass.
The name is always written out, so a card reads without an emoji font and without colour vision.
"""

from __future__ import annotations

import html
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

# One emoji a class, all different. Where none shows the thing itself, the nearest hint of it is taken:
# a kite for the ray's shape, a rod for the trout, a hedgehog for the porcupine, a rat for the possum, wood for the
# table, a door for the wardrobe, grass for the lawn mower, a helmet for the tank, hung branches for the willow.
EMOJI = {
    # aquatic mammals, fish
    "beaver": "🦫", "dolphin": "🐬", "otter": "🦦", "seal": "🦭", "whale": "🐋",
    "aquarium_fish": "🐠", "flatfish": "🐟", "ray": "🪁", "shark": "🦈", "trout": "🎣",
    # flowers, food containers
    "orchid": "🌸", "poppy": "🌺", "rose": "🌹", "sunflower": "🌻", "tulip": "🌷",
    "bottle": "🍾", "bowl": "🥣", "can": "🥫", "cup": "☕", "plate": "🍽️",
    # fruit and vegetables, household electrical devices
    "apple": "🍎", "mushroom": "🍄", "orange": "🍊", "pear": "🍐", "sweet_pepper": "🫑",
    "clock": "⏰", "keyboard": "⌨️", "lamp": "💡", "telephone": "☎️", "television": "📺",
    # household furniture, insects
    "bed": "🛏️", "chair": "🪑", "couch": "🛋️", "table": "🪵", "wardrobe": "🚪",
    "bee": "🐝", "beetle": "🪲", "butterfly": "🦋", "caterpillar": "🐛", "cockroach": "🪳",
    # large carnivores, large man-made outdoor things
    "bear": "🐻", "leopard": "🐆", "lion": "🦁", "tiger": "🐯", "wolf": "🐺",
    "bridge": "🌉", "castle": "🏰", "house": "🏠", "road": "🛣️", "skyscraper": "🏙️",
    # large natural outdoor scenes, large omnivores and herbivores
    "cloud": "☁️", "forest": "🏞️", "mountain": "🏔️", "plain": "🌾", "sea": "🌊",
    "camel": "🐫", "cattle": "🐄", "chimpanzee": "🐒", "elephant": "🐘", "kangaroo": "🦘",
    # medium mammals, non-insect invertebrates
    "fox": "🦊", "porcupine": "🦔", "possum": "🐀", "raccoon": "🦝", "skunk": "🦨",
    "crab": "🦀", "lobster": "🦞", "snail": "🐌", "spider": "🕷️", "worm": "🪱",
    # people, reptiles
    "baby": "👶", "boy": "👦", "girl": "👧", "man": "👨", "woman": "👩",
    "crocodile": "🐊", "dinosaur": "🦕", "lizard": "🦎", "snake": "🐍", "turtle": "🐢",
    # small mammals, trees
    "hamster": "🐹", "mouse": "🐭", "rabbit": "🐰", "shrew": "🐁", "squirrel": "🐿️",
    "maple_tree": "🍁", "oak_tree": "🌳", "palm_tree": "🌴", "pine_tree": "🌲", "willow_tree": "🎋",
    # vehicles 1, vehicles 2
    "bicycle": "🚲", "bus": "🚌", "motorcycle": "🏍️", "pickup_truck": "🛻", "train": "🚆",
    "lawn_mower": "🌱", "rocket": "🚀", "streetcar": "🚋", "tank": "🪖", "tractor": "🚜",
    # CIFAR-10
    "airplane": "✈️", "automobile": "🚗", "bird": "🐦", "cat": "🐱", "deer": "🦌",
    "dog": "🐶", "frog": "🐸", "horse": "🐴", "ship": "🚢", "truck": "🚚",
}  # fmt: skip

# Twenty pastels, ten hues (OKLCH) in two lightnesses, in the order of CIFAR-100's superclasses: each hints at its
# superclass (water cyan and teal, plants green, fruit red). All carry the same dark ink, in either theme.
COLOURS = (
    "#41b7db",  # aquatic mammals
    "#a4e7fe",  # fish
    "#ffc8e6",  # flowers
    "#ffd0ae",  # food containers
    "#e78987",  # fruit and vegetables
    "#c6dcfe",  # household electrical devices
    "#de955b",  # household furniture
    "#9cb35e",  # insects
    "#c2a54a",  # large carnivores
    "#dfd3fe",  # large man-made outdoor things
    "#9bece4",  # large natural outdoor scenes
    "#eeda9e",  # large omnivores and herbivores
    "#fecdca",  # medium mammals
    "#db8ab8",  # non-insect invertebrates
    "#34bfb5",  # people
    "#6cbc83",  # reptiles
    "#d2e4a9",  # small mammals
    "#b4ebc1",  # trees
    "#7aa9f0",  # vehicles 1
    "#b098e7",  # vehicles 2
)
# The colour fonts of the systems first: some text fonts draw a cup or a mouse of their own, in black.
EMOJI_FONTS = "'Apple Color Emoji','Segoe UI Emoji','Noto Color Emoji',sans-serif"
NEUTRAL = "#cfd4da"
INK = "#16191d"


@dataclass(frozen=True)
class Card:
    """What is drawn: a symbol (emoji or initials), the class name in words, background and ink as `#rrggbb`."""

    symbol: str
    is_emoji: bool
    name: str
    background: str
    ink: str


def card(class_name: str, group: int | None = None) -> Card:
    """The card of a class; `group` is its superclass index (its class index where there are no superclasses).

    Groups beyond the palette start it again; None or a negative group gets a neutral grey.
    """
    picture = emoji(class_name)
    return Card(
        symbol=picture or initials(class_name),
        is_emoji=picture is not None,
        name=readable(class_name),
        background=colour(group),
        ink=INK,
    )


def emoji(class_name: str) -> str | None:
    """The emoji of a class name, whatever its case and its separators; None where there is none."""
    return EMOJI.get("_".join(_words(class_name)).lower())


def initials(class_name: str) -> str:
    """Up to two letters for a class without an emoji: `golden retriever` -> GR, `zebra` -> Ze, nothing -> ?."""
    words = _words(class_name)
    if not words:
        return "?"
    if len(words) == 1:
        return words[0][:2].capitalize()
    return (words[0][0] + words[1][0]).upper()


def readable(class_name: str) -> str:
    """The class name in words: `pickup_truck` -> pickup truck."""
    return " ".join(class_name.replace("_", " ").split()) or "(no name)"


def readable_names(class_names: Sequence[str]) -> list[str]:
    """All class names in words; those that would then read the same are left as they are, `a_b` beside `a b`."""
    words = [readable(name) for name in class_names]
    counts = Counter(words)
    return [name if name and counts[word] > 1 else word for name, word in zip(class_names, words, strict=True)]


def colour(group: int | None) -> str:
    """The background of a superclass (or class) index, `#rrggbb`."""
    if group is None or group < 0:
        return NEUTRAL
    return COLOURS[int(group) % len(COLOURS)]


def card_html(class_name: str, group: int | None = None, size: str = "5.5rem") -> str:
    """One card alone, as HTML for `st.html`; `size` is a CSS length."""
    drawn = card(class_name, group)
    size = html.escape(size, quote=True)
    font = EMOJI_FONTS if drawn.is_emoji else "sans-serif"
    name = html.escape(drawn.name, quote=True)
    outer = (
        f"width:{size};box-sizing:border-box;padding:.4rem .2rem;border-radius:.4rem;text-align:center;"
        f"background:{drawn.background};color:{drawn.ink}"
    )
    symbol = f"font:600 calc({size} * .42)/1.25 {font}"
    return (
        f'<div role="img" aria-label="{name}" style="{outer}"><div style="{symbol}">{html.escape(drawn.symbol)}</div>'
        f'<div style="font-size:.75rem;line-height:1.25;overflow-wrap:anywhere">{name}</div></div>'
    )


def _words(class_name: str) -> list[str]:
    # \w is Unicode: names in any script keep their letters; the underscore counts as a space.
    return re.findall(r"[^\W_]+", class_name)
