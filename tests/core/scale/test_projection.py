from __future__ import annotations

import pytest

from core.scale.model import Work, fit_models
from core.scale.projection import ON_DISK, WHOLE, memory_bytes, project, shards
from tests.core.scale.worlds import table


def test_memory_by_hand():
    of = Work(10**8, 100, 72, 200, 100)
    assert memory_bytes("exact", of) == 40 * 10**9
    assert memory_bytes(ON_DISK, of) == 1_600_000_000  # two words a code
    assert memory_bytes(WHOLE, of) == 41_600_000_000


def test_shards():
    assert [shards(memory, 10) for memory in (1, 10, 11, 20, 21)] == [1, 1, 2, 2, 3]


def test_rows_by_hand():
    rows = project(fit_models(table()), Work(10**6, 100, 48, 200, 100), [10**8, 10**9], 64 * 10**9)
    assert rows["search"].tolist() == ["exact", WHOLE, ON_DISK] * 2
    assert rows["shards"].tolist() == [1, 1, 1, 7, 7, 1]
    exact, hashed, disk = (row for row in rows.iloc[3:].itertuples())
    assert exact.query_ms == pytest.approx(20_000.02)
    assert hashed.query_ms == pytest.approx(1000.03)
    assert hashed.shard_ms == pytest.approx(1000 / 7 + 0.03, rel=1e-6)
    assert hashed.per_second == pytest.approx(2000 / (1000 / 7 + 0.03), rel=1e-6)
    assert disk.shard_ms == disk.query_ms == hashed.query_ms
    assert (exact.memory_gb, hashed.memory_gb, disk.memory_gb) == (400, 408, 8)


def test_without_models_there_are_no_times():
    rows = project({}, Work(10**6, 100, 48, 200, 100), [10**8], 64 * 10**9)
    assert rows[["query_ms", "shard_ms", "per_second"]].isna().all(axis=None)
