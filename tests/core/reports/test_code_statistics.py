from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import BadInput
from core.reports.code_statistics import bit_table, code_statistics, correlation_table, statistics_table


def described(rows):
    bits = np.array(rows, bool)
    return code_statistics(np.packbits(bits, axis=1), bits.shape[1])


def test_by_hand():
    # bit 1 even; bit 2 its opposite; bit 3 always 1; bit 4 even and independent of bit 1
    found = described([[0, 1, 1, 0], [0, 1, 1, 1], [1, 0, 1, 0], [1, 0, 1, 1]])
    assert found.ones.tolist() == [0.5, 0.5, 1.0, 0.5]
    assert found.bit_entropy.tolist() == [1.0, 1.0, 0.0, 1.0]
    expected = np.eye(4)
    expected[0, 1] = expected[1, 0] = -1.0
    np.testing.assert_allclose(found.correlation, expected, atol=1e-12)
    assert found.imbalance == 0.125
    assert found.pairs.tolist() == [1.0, 0.0, 0.0, 0.0, 0.0, 0.0]
    assert found.mean_correlation == pytest.approx(1 / 6)
    assert (found.distinct, found.count, found.code_entropy, found.most_entropy) == (4, 4, 2.0, 2.0)


def test_one_code_for_all():
    found = described([[1, 0, 1]] * 5)
    assert (found.distinct, found.code_entropy, found.imbalance) == (1, 0.0, 0.5)
    assert found.mean_correlation == 0.0


def test_a_single_bit():
    found = described([[1], [0], [0], [0]])
    assert found.mean_correlation == 0.0
    assert found.bit_entropy[0] == pytest.approx(0.8112781)


@given(st.integers(1, 40), st.integers(2, 20), st.integers(0, 5))
def test_correlation_is_pearson_s(count, bits, seed):
    rows = np.random.default_rng(seed).random((count, bits)) < 0.4
    found = described(rows)
    with np.errstate(invalid="ignore", divide="ignore"):
        expected = np.nan_to_num(np.corrcoef(rows.T.astype(float)).reshape(bits, bits)) if count > 1 else np.eye(bits)
    np.fill_diagonal(expected, 1.0)
    np.testing.assert_allclose(found.correlation, expected, atol=1e-6)
    assert 0.0 <= found.code_entropy <= found.most_entropy + 1e-9


def test_no_codes():
    with pytest.raises(BadInput, match="at least one"):
        code_statistics(np.empty((0, 1), np.uint8), 8)


def test_the_tables_of_the_statistics():
    found = described([[0, 1, 1, 0], [0, 1, 1, 1], [1, 0, 1, 0], [1, 0, 1, 1]])
    row = statistics_table(found, None).iloc[0]
    assert (row["codes"], row["bits"], row["distinct"], row["code_entropy"]) == (4, 4, 4, 2.0)
    assert (row["bit_entropy"], row["imbalance"]) == (0.75, 0.125)
    assert np.isnan(row["fit_seconds"])
    assert statistics_table(found, 1.5)["fit_seconds"].tolist() == [1.5]
    assert bit_table(found).to_numpy().tolist() == [[0, 0.5, 1.0], [1, 0.5, 1.0], [2, 1.0, 0.0], [3, 0.5, 1.0]]
    pairs = correlation_table(found)
    assert pairs[["bit", "other"]].to_numpy().tolist() == [[0, 1], [0, 2], [0, 3], [1, 2], [1, 3], [2, 3]]
    assert pairs["r"].tolist() == pytest.approx([-1.0, 0, 0, 0, 0, 0])
