from __future__ import annotations

import pytest

from core.scale.model import Work, best_exact, crossover, fit_models
from tests.core.scale.worlds import table

MIDDLE = Work(1_000_000, 100, 48, 200, 100)


def test_finds_the_costs_that_the_points_were_made_of():
    models = fit_models(table())
    hashed = models["query", "hashed"]
    assert (hashed.fixed, hashed.per_scan, hashed.per_kept) == pytest.approx((0.01, 1e-6, 1e-4), rel=1e-6)
    assert hashed.residual < 1e-6
    assert hashed.points == 11
    exact = models["query", "exact-blas"]
    assert (exact.fixed, exact.per_scan) == pytest.approx((0.02, 2e-7), rel=1e-6)
    assert exact.per_kept == pytest.approx(0, abs=1e-12)
    # 0.02 + 0.2 ns x 10^9 x 100 = 20 s; 0.01 + 1 ns x 10^9 x 2 + 0.1 us x 500 = 2 s
    assert exact.predict(Work(10**9, 100, 48, 200, 100)) == pytest.approx(20_000.02)
    assert hashed.predict(Work(10**9, 100, 65, 500, 100)) == pytest.approx(2000.06)
    assert hashed.formula() == "10 µs + 1 ns × N × words + 100 ns × M"
    assert models["batch", "hashed"].predict(MIDDLE) == pytest.approx(1.03 / 2)  # two threads, half the time


def test_residuals():
    rows = table()
    rows = rows[(rows["side"] == "exact-chunked") & (rows["work"] == "query")].copy()
    rows["median_ms"] = [1.0, 1.0, 4.0]
    rows["n"] = [100, 100, 100]
    assert not fit_models(rows)  # one N is no curve
    rows["n"], rows["median_ms"] = [100, 200, 300], [1.0, 2.0, 6.0]
    model = fit_models(rows)["query", "exact-chunked"]
    relative = [model.predict(Work(n, 100, 48, 1, 100)) / t - 1 for n, t in ((100, 1), (200, 2), (300, 6))]
    assert model.worst == pytest.approx(max(map(abs, relative)))
    assert model.residual == pytest.approx((sum(r * r for r in relative) / 3) ** 0.5)
    assert model.at_largest == pytest.approx(relative[2])
    assert model.largest == 300
    assert min(model.fixed, model.per_scan) >= 0


def test_only_the_upper_two_decades_count():
    rows = table()
    changed = rows.copy()
    changed.loc[0, "median_ms"] *= 100
    assert fit_models(changed)["query", "exact-blas"].residual > 0.1
    changed["n"] = changed["n"].where(changed["n"] > 10_000, 9_999)
    small = fit_models(changed.assign(n=changed["n"].replace(100_000, 200_000)))
    assert ("query", "exact-blas") not in small  # two N are left


def test_crossing_by_hand():
    models = fit_models(table())
    hashed, exact = models["query", "hashed"], best_exact(models, "query", MIDDLE)
    assert exact.side in ("exact-blas", "exact-chunked")
    # 0.01 + 0.02 + 1e-6 N = 0.02 + 2e-5 N at N = 0.01 / 1.9e-5 = 526.3
    assert crossover(exact, hashed, MIDDLE) == pytest.approx(526.3, rel=1e-3)
    assert crossover(hashed, exact, Work(1, 0, 640, 1, 1)) is None
    assert best_exact({}, "query", MIDDLE) is None
