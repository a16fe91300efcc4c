from __future__ import annotations

import numpy as np
import pytest

from core.errors import BadInput
from core.methods.leaderboard import Scored, leaderboard, method_label
from core.methods.scores import BEST, EXACT

BASE = np.linspace(0.2, 0.6, 40)


def board(reference="itq"):
    scored = [
        Scored("itq", 48, BASE),
        Scored("csq", 32, BASE + 0.1),
        Scored("random-codes", 48, BASE * 0),
        Scored(EXACT, None, BASE + 0.05),
        Scored(BEST, None, np.ones(40)),
    ]
    return leaderboard(scored, reference)


def test_the_best_comes_first():
    found = board()
    assert found["method"].tolist() == [BEST, "csq", EXACT, "itq", "random-codes"]
    assert found["control"].tolist() == [True, False, True, False, True]
    assert found["value"].tolist() == pytest.approx([1.0, 0.5, 0.45, 0.4, 0.0])
    assert found["bits"].tolist()[1:2] == [32]
    assert found["bits"].isna().tolist() == [True, False, True, False, False]
    assert (found["low"] <= found["value"]).all()
    assert (found["value"] <= found["high"]).all()


def test_differences_are_from_the_reference():
    found = board().set_index("method")
    assert found.loc["csq", "difference"] == pytest.approx(0.1)
    assert found.loc["csq", "difference_low"] == pytest.approx(0.1)
    assert found.loc["csq", ["wins", "ties", "losses"]].tolist() == [40, 0, 0]
    # 3 comparisons, each with the smallest p that 9,999 draws can give
    assert found.loc["csq", "p"] == 1 / 10000
    assert found.loc["csq", "p_holm"] == pytest.approx(3 / 10000)
    assert np.isnan(found.loc["itq", "p"])
    assert np.isnan(found.loc[BEST, "p"])
    assert board("csq").set_index("method").loc["itq", "difference"] == pytest.approx(-0.1)


def test_a_reference_that_is_not_there():
    with pytest.raises(BadInput, match="method 'dch' is not scored here: compare with one of itq, csq"):
        board("dch")


def test_labels():
    assert method_label(EXACT) == "Raw similarity, exact (control)"
    assert method_label("csq") == "Central similarity (CSQ)"
