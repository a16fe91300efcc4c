"""Binary codes in memory: bits as bool (N, b), packed as uint8 (N, ceil(b / 8)), or as 64-bit words to search.

Bit 0 is the highest bit of byte 0 (`numpy.packbits`); the bits after the last one, the tail, are zero, so that
an exclusive-or of two codes counts only true bits.
"""

from __future__ import annotations

import numpy as np

from core.errors import BadInput


def width(bits: int) -> int:
    """Bytes that a packed code of `bits` bits takes: ceil(bits / 8)."""
    if bits < 1:
        raise BadInput(f"a code of {bits} bits: expected at least 1")
    return -(-bits // 8)


def pack(bits: np.ndarray) -> np.ndarray:
    """bool (N, b) -> uint8 (N, ceil(b / 8)), tail zero.

    Only bool is taken: -1/+1 or 0/1 numbers would be packed by "is not zero", which is wrong for the former.

    >>> pack(np.array([[True, False, True]])).tolist()
    [[160]]
    """
    bits = np.asarray(bits)
    if bits.ndim != 2 or bits.dtype != np.bool_:
        raise BadInput(f"bits of shape {bits.shape} and type {bits.dtype}: expected bool (N, bits); compare with > 0")
    width(bits.shape[1])
    return np.packbits(bits, axis=1)


def unpack(codes: np.ndarray, bits: int) -> np.ndarray:
    """uint8 (N, ceil(bits / 8)) -> bool (N, bits). BadInput as in `check_codes`."""
    check_codes(codes, bits)
    return np.unpackbits(codes, axis=1, count=bits).view(np.bool_)


def check_packed(shape: tuple[int, ...], dtype: object, what: str = "codes") -> None:
    """BadInput, naming `what`, unless arrays of this shape and type can be packed codes, whatever their bits."""
    if dtype != np.uint8:
        raise BadInput(f"{what} are of type {dtype}: expected packed uint8, as numpy.packbits(bits, axis=1) makes them")
    if len(shape) != 2:
        raise BadInput(f"{what} are of shape {shape}: expected (N, bits / 8 rounded up), one code a row")


def check_width(shape: tuple[int, ...], bits: int, what: str = "codes") -> None:
    """BadInput, naming `what`, unless packed codes of this shape can be of so many bits."""
    if shape[1] != width(bits):
        raise BadInput(f"{what} are of shape {shape}: {bits} bits take (N, {width(bits)}); check the bits")


def check_codes(codes: np.ndarray, bits: int, what: str = "codes") -> None:
    """BadInput, naming `what`, unless `codes` is uint8 (N, ceil(bits / 8)) with a zero tail."""
    if not isinstance(codes, np.ndarray):
        raise BadInput(f"{what} are of type {type(codes).__name__}: expected a packed uint8 array")
    check_packed(codes.shape, codes.dtype, what)
    check_width(codes.shape, bits, what)
    tail = codes[:, -1] & (0xFF ^ _last_byte_mask(bits))
    if tail.any():
        row = int(np.flatnonzero(tail)[0])
        raise BadInput(f"{what} have bits set after bit {bits} (row {row}): expected zeros there; check the bits")


def to_words(codes: np.ndarray) -> np.ndarray:
    """uint8 (N, B) -> uint64 (ceil(B / 8), N), C-contiguous: word w of all codes in a row, zero-padded.

    The value of a word depends on the machine's byte order; the number of differing bits does not.
    """
    codes = np.asarray(codes)
    if codes.ndim != 2 or codes.dtype != np.uint8 or codes.shape[1] < 1:
        raise BadInput(f"codes of shape {codes.shape} and type {codes.dtype}: expected packed uint8 (N, bytes)")
    count, size = codes.shape
    padded = np.zeros((count, -(-size // 8) * 8), dtype=np.uint8)
    padded[:, :size] = codes
    return np.ascontiguousarray(padded.view(np.uint64).T)


def resize(codes: np.ndarray, size: int) -> np.ndarray:
    """uint8 (N, B) -> uint8 (N, size), C-contiguous: zero bytes are added at the end, or bytes beyond `size` left out.

    Zero bytes change no Hamming distance.
    """
    held = codes.shape[1]
    if held >= size:
        return np.ascontiguousarray(codes[:, :size])
    padded = np.zeros((len(codes), size), np.uint8)
    padded[:, :held] = codes
    return padded


def truncate(codes: np.ndarray, bits_from: int, bits_to: int) -> np.ndarray:
    """The first `bits_to` bits of codes of `bits_from` bits: uint8 (N, ceil(bits_to / 8)), tail zero, a new array."""
    if not 1 <= bits_to <= bits_from:
        raise BadInput(f"cannot cut codes of {bits_from} bits to {bits_to}: expected 1 to {bits_from}")
    check_codes(codes, bits_from)
    short = codes[:, : width(bits_to)].copy()
    short[:, -1] &= _last_byte_mask(bits_to)
    return short


def _last_byte_mask(bits: int) -> int:
    """The true bits of the last byte: 0xFF for a multiple of 8, else its `bits % 8` highest bits."""
    return (0xFF << (-bits % 8)) & 0xFF
