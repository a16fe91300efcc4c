from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

from core.errors import BadInput
from core.hashing.packing import check_codes, pack, resize, to_words, truncate, unpack, width

bit_arrays = arrays(np.bool_, array_shapes(min_dims=2, max_dims=2, min_side=1, max_side=140))
quick = settings(max_examples=30, deadline=None)


@pytest.mark.parametrize(("bits", "size"), [(1, 1), (7, 1), (8, 1), (9, 2), (48, 6), (50, 7), (64, 8), (128, 16)])
def test_width(bits, size):
    assert width(bits) == size


def test_width_refuses_no_bits():
    with pytest.raises(BadInput, match="0 bits"):
        width(0)


def test_pack_by_hand():
    bits = np.array([[1, 0, 1, 0, 0, 0, 0, 1, 1, 1], [0] * 9 + [1]], dtype=bool)
    codes = pack(bits)
    assert codes.dtype == np.uint8
    # 10100001 = 161, 11...... = 192; 00000000 = 0, 01...... = 64
    assert codes.tolist() == [[161, 192], [0, 64]]


@pytest.mark.parametrize(
    "bits",
    [np.array([[1, -1]]), np.array([[0.5, 0.0]]), np.array([True, False]), np.zeros((2, 0), dtype=bool)],
    ids=["signs", "floats", "one axis", "no bits"],
)
def test_pack_refuses_what_is_no_table_of_bits(bits):
    with pytest.raises(BadInput, match="expected"):
        pack(bits)


def test_unpack_by_hand():
    bits = unpack(np.array([[161, 192]], dtype=np.uint8), 10)
    assert bits.dtype == np.bool_
    assert bits.astype(int).tolist() == [[1, 0, 1, 0, 0, 0, 0, 1, 1, 1]]


@quick
@given(bit_arrays)
def test_round_trip_and_zero_tail(bits):
    codes = pack(bits)
    count, length = bits.shape
    assert codes.shape == (count, (length + 7) // 8)
    check_codes(codes, length)
    assert np.array_equal(unpack(codes, length), bits)
    assert np.unpackbits(codes, axis=1)[:, length:].sum() == 0


def test_pack_and_unpack_of_no_rows():
    codes = pack(np.zeros((0, 12), dtype=bool))
    assert codes.shape == (0, 2)
    assert unpack(codes, 12).shape == (0, 12)


@pytest.mark.parametrize(
    ("codes", "bits", "message"),
    [
        (np.zeros((2, 2), dtype=np.int64), 16, "type int64"),
        ([[0, 0]], 16, "type list"),
        (np.zeros((2, 2), dtype=np.uint8), 17, r"\(2, 2\): 17 bits take \(N, 3\)"),
        (np.zeros((2, 2), dtype=np.uint8), 8, r"8 bits take \(N, 1\)"),
        (np.zeros(2, dtype=np.uint8), 16, r"shape \(2,\)"),
        (np.array([[0, 0], [0, 1]], dtype=np.uint8), 15, r"after bit 15 \(row 1\)"),
        (np.array([[0, 64]], dtype=np.uint8), 9, r"after bit 9 \(row 0\)"),
    ],
)
def test_check_codes_names_what_is_wrong(codes, bits, message):
    with pytest.raises(BadInput, match=message):
        check_codes(codes, bits)


def test_check_codes_accepts_the_last_true_bit_and_names_the_array():
    check_codes(np.array([[255, 128]], dtype=np.uint8), 9)
    with pytest.raises(BadInput, match=r"^query codes are of shape"):
        check_codes(np.zeros((1, 3), dtype=np.uint8), 9, "query codes")


def test_unpack_refuses_what_check_codes_refuses():
    with pytest.raises(BadInput, match="after bit 9"):
        unpack(np.array([[0, 64]], dtype=np.uint8), 9)


def test_words_by_hand():
    codes = np.arange(1, 19, dtype=np.uint8).reshape(2, 9)
    words = to_words(codes)
    assert words.shape == (2, 2)
    assert words.dtype == np.uint64
    assert words.flags.c_contiguous
    # Word-major: first all first words, then all second ones, whose last 7 bytes are padding.
    assert words.view(np.uint8).ravel().tolist() == [
        *range(1, 9), *range(10, 18), 9, *[0] * 7, 18, *[0] * 7,
    ]  # fmt: skip


def test_words_of_no_rows_and_of_wrong_types():
    assert to_words(np.zeros((0, 6), dtype=np.uint8)).shape == (1, 0)
    for wrong in (np.zeros((2, 8)), np.zeros(8, dtype=np.uint8), np.zeros((2, 0), dtype=np.uint8)):
        with pytest.raises(BadInput, match="packed uint8"):
            to_words(wrong)


@quick
@given(bit_arrays, st.integers(0, 2**32 - 1))
def test_words_keep_hamming_distances(bits, seed):
    other = np.random.default_rng(seed).random(bits.shape) < 0.5
    a, b = to_words(pack(bits)), to_words(pack(other))
    assert a.shape == ((bits.shape[1] + 63) // 64, len(bits))
    assert np.array_equal(np.bitwise_count(a ^ b).sum(axis=0), (bits != other).sum(axis=1))


def test_truncate_by_hand():
    codes = np.array([[0b10110111, 0b11100000]], dtype=np.uint8)
    assert truncate(codes, 11, 3).tolist() == [[0b10100000]]
    assert truncate(codes, 11, 8).tolist() == [[0b10110111]]
    assert truncate(codes, 11, 9).tolist() == [[0b10110111, 0b10000000]]


@quick
@given(bit_arrays, st.data())
def test_truncate_keeps_the_first_bits_and_leaves_its_input(bits, data):
    length = data.draw(st.integers(1, bits.shape[1]))
    codes = pack(bits)
    before = codes.copy()
    short = truncate(codes, bits.shape[1], length)
    assert np.array_equal(short, pack(bits[:, :length]))
    assert np.array_equal(codes, before)
    assert not np.shares_memory(short, codes)


@pytest.mark.parametrize("length", [0, 17])
def test_truncate_refuses_more_bits_than_there_are_and_none(length):
    with pytest.raises(BadInput, match="expected 1 to 16"):
        truncate(np.zeros((1, 2), dtype=np.uint8), 16, length)


def test_truncate_checks_its_codes():
    with pytest.raises(BadInput, match="after bit 15"):
        truncate(np.array([[0, 1]], dtype=np.uint8), 15, 4)


def test_resize_adds_zero_bytes_or_leaves_bytes_out():
    codes = np.array([[1, 2, 3], [4, 5, 6]], np.uint8)
    assert resize(codes, 5).tolist() == [[1, 2, 3, 0, 0], [4, 5, 6, 0, 0]]
    assert resize(codes, 3).tolist() == codes.tolist()
    shorter = resize(codes, 2)
    assert shorter.tolist() == [[1, 2], [4, 5]] and shorter.flags.c_contiguous
