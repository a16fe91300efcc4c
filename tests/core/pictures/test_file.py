"""A picture is read the same whatever it is packed in; everything else is one clear line."""

import io
import os
import struct
import zlib

import numpy as np
import pytest
from PIL import Image

from core.errors import BadInput
from core.pictures.file import MOST_PIXELS, as_encoder_sees, read_picture

RED, BLUE, WHITE = (255, 0, 0), (0, 0, 255), (255, 255, 255)


def halves() -> Image.Image:
    """4 x 2 pixels: red on the left, blue on the right."""
    image = Image.new("RGB", (4, 2), RED)
    image.paste(BLUE, (2, 0, 4, 2))
    return image


def packed(image: Image.Image, kind: str = "PNG", **options) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


@pytest.mark.parametrize("kind", ["PNG", "BMP", "TIFF", "PPM", "GIF"])
def test_lossless_formats_are_read_exactly(kind):
    picture = read_picture(packed(halves(), kind))
    assert picture.dtype == np.uint8 and picture.shape == (2, 4, 3)
    assert picture[0].tolist() == [list(RED)] * 2 + [list(BLUE)] * 2


def test_from_a_path_as_from_bytes(tmp_path):
    path = tmp_path / "a.png"
    path.write_bytes(packed(halves()))
    assert np.array_equal(read_picture(path), read_picture(packed(halves())))
    assert np.array_equal(read_picture(str(path)), read_picture(path))


def test_first_frame_of_an_animation():
    frames = [Image.new("RGB", (3, 3), colour) for colour in (RED, BLUE)]
    for kind in ("GIF", "PNG", "WEBP"):
        data = packed(
            frames[0], kind, save_all=True, append_images=frames[1:], **{"lossless": True} if kind == "WEBP" else {}
        )
        assert read_picture(data)[1, 1].tolist() == list(RED)


def test_cmyk():
    picture = read_picture(packed(Image.new("CMYK", (8, 8), (0, 255, 255, 0)), "TIFF"))
    assert picture[0, 0].tolist() == list(RED)


def test_sixteen_bits_keep_the_upper_eight():
    values = np.array([[0, 255, 256], [32768, 65535, 4660]], dtype=np.uint16)
    picture = read_picture(packed(Image.fromarray(values)))
    assert picture[..., 0].tolist() == [[0, 0, 1], [128, 255, 0x12]]
    assert np.array_equal(picture[..., 0], picture[..., 2])


def test_palette_with_alpha_lies_on_white():
    image = Image.new("P", (2, 1))
    image.putpalette([*RED, *BLUE])
    image.putdata([0, 1])
    picture = read_picture(packed(image, transparency=1))
    assert picture[0].tolist() == [list(RED), list(WHITE)]


def test_half_transparent_is_half_white():
    picture = read_picture(packed(Image.new("RGBA", (1, 1), (255, 0, 0, 128))))
    assert picture[0, 0].tolist() == [255, 127, 127]
    assert read_picture(packed(Image.new("LA", (1, 1), (0, 0))))[0, 0].tolist() == list(WHITE)


@pytest.mark.parametrize(("orientation", "first_column"), [(3, BLUE), (6, None), (8, None)])
def test_turned_upright_by_exif(orientation, first_column):
    exif = Image.Exif()
    exif[0x0112] = orientation
    picture = read_picture(packed(halves(), "PNG", exif=exif))
    if orientation == 3:  # held upside down: right and left change places
        assert picture.shape == (2, 4, 3) and picture[0, 0].tolist() == list(first_column)
    else:  # 6: the left edge belongs on top; 8: at the bottom
        assert picture.shape == (4, 2, 3)
        assert picture[0, 0].tolist() == list(RED if orientation == 6 else BLUE)


def png_header(width: int, height: int) -> bytes:
    """A PNG that claims a size and holds next to nothing."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"")) + chunk(b"IEND", b"")


@pytest.mark.parametrize("size", [(50_000, 50_000), (10_000, 10_000), (MOST_PIXELS + 1, 1)])
def test_too_many_pixels_are_refused_by_the_header(size):
    with pytest.raises(BadInput, match=r"'big\.png' has too many pixels .*at most 80,000,000"):
        read_picture(png_header(*size), "big.png")


def noise(side: int = 64) -> Image.Image:
    return Image.fromarray(np.random.default_rng(0).integers(0, 256, (side, side, 3), dtype=np.uint8))


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "BMP", "TIFF", "GIF", "WEBP", "PPM"])
def test_truncated(kind):
    data = packed(noise(), kind)
    with pytest.raises(BadInput, match=r"'cut' is (truncated|not a picture)"):
        read_picture(data[: len(data) // 2], "cut")


@pytest.mark.parametrize(
    "data", [b"no picture at all", b"%!PS-Adobe-3.0 EPSF-3.0\n", b"GIF89a", b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff"]
)
def test_not_a_picture(data):
    with pytest.raises(BadInput, match="'x' is "):
        read_picture(data, "x")


def test_zero_bytes(tmp_path):
    (tmp_path / "none.png").touch()
    for source in (b"", tmp_path / "none.png"):
        with pytest.raises(BadInput, match="is empty"):
            read_picture(source)


def test_what_is_no_file(tmp_path):
    os.mkfifo(tmp_path / "pipe.png")
    for path in (tmp_path, tmp_path / "pipe.png"):
        with pytest.raises(BadInput, match="is no file"):
            read_picture(path)
    with pytest.raises(BadInput, match="No such file"):
        read_picture(tmp_path / "absent.png")
    with pytest.raises(BadInput, match="cannot read"):
        read_picture("nul\0.png")


def test_float_pixels_have_no_white():
    with pytest.raises(BadInput, match="float32 pixels"):
        read_picture(packed(Image.new("F", (2, 2), 0.5), "TIFF"))


def test_any_damage_is_bad_input_or_a_picture():
    rng = np.random.default_rng(0)
    for kind in ("PNG", "JPEG", "GIF", "TIFF", "WEBP", "BMP"):
        whole = bytearray(packed(noise(16), kind))
        for _ in range(60):
            data = bytearray(whole)
            for place in rng.integers(0, len(data), 4):
                data[place] = rng.integers(256)
            try:
                assert read_picture(bytes(data)).shape[2] == 3
            except BadInput as error:
                assert "\n" not in str(error)


def test_as_encoder_sees_takes_the_middle_square():
    picture = np.zeros((32, 96, 3), dtype=np.uint8)
    picture[:, 32:64] = RED
    assert np.array_equal(as_encoder_sees(picture), picture[:, 32:64])
    small = as_encoder_sees(np.full((300, 200, 3), 77, dtype=np.uint8))
    assert small.shape == (32, 32, 3) and (small == 77).all()
    same = np.asarray(noise(32))
    assert as_encoder_sees(same) is same


def test_a_photograph_may_come_smaller(tmp_path):
    ramp = np.linspace(0, 255, 1600).astype(np.uint8)[None, :, None].repeat(800, axis=0).repeat(3, axis=2)
    for name in ("a.jpg", "a.png"):
        Image.fromarray(ramp).save(tmp_path / name)
    assert read_picture(tmp_path / "a.jpg").shape == (800, 1600, 3)
    small = read_picture(tmp_path / "a.jpg", least=128)
    assert small.shape == (200, 400, 3)  # a quarter: an eighth would be below 128 rows
    np.testing.assert_allclose(small[100], ramp[0, 2::4], atol=6)
    assert read_picture(tmp_path / "a.png", least=128).shape == (800, 1600, 3)
    (tmp_path / "cut.jpg").write_bytes((tmp_path / "a.jpg").read_bytes()[:900])
    with pytest.raises(BadInput, match="truncated"):
        read_picture(tmp_path / "cut.jpg", least=128)
