"""One picture, from a file or from bytes that anyone may have made: read, or refused with one clear line.

Only formats are opened that Pillow decodes by itself (PostScript, for one, would start another program).
"""

from __future__ import annotations

import io
import stat
import warnings
from functools import cache
from pathlib import Path

import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError

from core.errors import BadInput

# Read from the header, before anything is decoded. At 3 bytes a pixel and two copies on the way, half a gigabyte.
MOST_PIXELS = 80_000_000
FORMATS = ("JPEG", "PNG", "GIF", "BMP", "TIFF", "WEBP", "PPM", "AVIF", "JPEG2000")
SUFFIXES = frozenset(
    f".{end}"
    for end in ("jpg", "jpeg", "jpe", "jfif", "mpo", "png", "apng", "gif", "bmp", "dib", "tif", "tiff", "webp", "ppm",
                "pgm", "pbm", "pnm", "avif", "jp2", "j2k", "jpx", "jpf")
)  # fmt: skip
ENCODER_SIDE = 32  # pixels, of the pictures that the encoders trained here see

# Of a damaged file Pillow says this and that on stderr; here it is read or refused, and one line says so.
warnings.filterwarnings("ignore", module=r"PIL\.")


def read_picture(source: str | Path | bytes, name: str | None = None, least: int | None = None) -> np.ndarray:
    """A picture as uint8 (H, W, 3), RGB.

    Of an animation the first frame; 16 bits a channel are cut to the upper 8; what is transparent lies on white; turned
    upright where its EXIF data say how it was held. `name` is what messages call it. With `least` a JPEG may come
    smaller, each side of at least so many pixels, which reads a photograph many times sooner. Raises BadInput for
    anything that is no whole picture, or has more than `MOST_PIXELS`.
    """
    shown = name or (Path(source).name if isinstance(source, str | Path) else "the picture")
    try:
        with _opened(source, shown) as image:
            width, height = image.size
            if width * height > MOST_PIXELS:
                raise _too_large(shown, f"{width:,} x {height:,}")
            if least is not None:
                image.draft(None, (least, least))
            image.load()
            return np.array(_on_white(_eight_bits(_upright(image), shown)))
    except BadInput:
        raise
    except Image.DecompressionBombError as error:
        raise _too_large(shown, "far more") from error
    except UnidentifiedImageError as error:
        expected = "expected JPEG, PNG, GIF, BMP, TIFF, WebP, AVIF, JPEG 2000 or PPM"
        raise BadInput(f"'{shown}' is not a picture that can be read: {expected}") from error
    except MemoryError as error:
        raise BadInput(f"'{shown}' does not fit into memory: make it smaller") from error
    except Exception as error:  # a broken file may raise nearly anything in a decoder
        reason = " ".join(str(error).split())[:120] or type(error).__name__
        raise BadInput(f"'{shown}' is truncated or damaged ({reason}): save or fetch it again") from error


def as_encoder_sees(picture: np.ndarray, side: int = ENCODER_SIDE) -> np.ndarray:
    """The middle square of a uint8 picture (H, W, 3), scaled to (side, side, 3); one of that size stays as it is."""
    height, width = picture.shape[:2]
    if (height, width) == (side, side):
        return picture
    edge = min(height, width)
    left, top = (width - edge) / 2, (height - edge) / 2
    box = (left, top, left + edge, top + edge)
    # Pillow's bicubic filter widens as it shrinks, so that no pixel is left out.
    return np.array(Image.fromarray(picture).resize((side, side), Image.Resampling.BICUBIC, box=box))


@cache
def _formats() -> tuple[str, ...]:
    """Those that this Pillow was built with."""
    Image.init()
    return tuple(name for name in FORMATS if name in Image.OPEN)


def _opened(source: str | Path | bytes, shown: str) -> Image.Image:
    """The picture with its header read; BadInput where there is nothing to read."""
    if isinstance(source, bytes):
        if not source:
            raise BadInput(f"'{shown}' is empty (0 bytes): expected a picture")
        return Image.open(io.BytesIO(source), formats=_formats())
    try:
        found = Path(source).stat()
    except (OSError, ValueError) as error:
        raise BadInput(f"cannot read '{source}': {getattr(error, 'strerror', None) or error}") from error
    if not stat.S_ISREG(found.st_mode):  # a pipe would wait for ever
        raise BadInput(f"'{source}' is no file: expected a picture")
    if found.st_size == 0:
        raise BadInput(f"'{shown}' is empty (0 bytes): expected a picture")
    try:
        return Image.open(source, formats=_formats())
    except PermissionError as error:
        raise BadInput(f"cannot read '{source}': {error.strerror}") from error


def _upright(image: Image.Image) -> Image.Image:
    """Turned as its EXIF data say; as it is where they cannot be read."""
    try:
        return ImageOps.exif_transpose(image)
    except Exception:  # damaged EXIF data, of a picture that is whole
        return image


def _eight_bits(image: Image.Image, shown: str) -> Image.Image:
    """Grey pictures of more than 8 bits a pixel as 8 bits."""
    if not image.mode.startswith(("I", "F")):
        return image
    values = np.asarray(image)
    if values.dtype.kind == "f" or values.min() < 0 or values.max() > 65535:
        raise BadInput(f"'{shown}' has {values.dtype} pixels: save it with 8 or 16 bits a channel")
    return Image.fromarray((values >> 8).astype(np.uint8))


def _on_white(image: Image.Image) -> Image.Image:
    """RGB; what shows through shows white."""
    if not image.has_transparency_data:
        return image.convert("RGB")
    image = image.convert("RGBA")
    ground = Image.new("RGB", image.size, "white")
    ground.paste(image, mask=image.getchannel("A"))
    return ground


def _too_large(shown: str, size: str) -> BadInput:
    return BadInput(f"'{shown}' has too many pixels ({size}): expected at most {MOST_PIXELS:,}; make it smaller")
