"""Machine code is kept between starts; where it cannot be, or is damaged, a kernel is compiled again."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import numba
import numpy as np
import pytest

from core.runtime import compiled
from core.runtime.compiled import KernelCache


def add_up(values):
    total = 0.0
    for value in values:
        total += value
    return total


def compiled_in(folder: Path):
    """The kernel as a new process has it."""
    kernel = numba.njit(add_up)
    kernel._cache = KernelCache(add_up, folder)
    return kernel


def called(folder: Path) -> bool:
    """Call it; whether its code was there."""
    kernel = compiled_in(folder)
    assert kernel(np.array([1.0, 2.5])) == 3.5
    return bool(kernel.stats.cache_hits)


@pytest.fixture
def kept(tmp_path):
    """The file of its code."""
    assert not called(tmp_path)
    (file,) = tmp_path.iterdir()
    assert called(tmp_path)
    return file


def flip(data: bytes, place: int) -> bytes:
    return data[:place] + bytes([data[place] ^ 0xFF]) + data[place + 1 :]


@pytest.mark.parametrize(
    "damage",
    [
        lambda data: b"",
        lambda data: data[: len(data) // 2],
        lambda data: data + b"x",
        lambda data: flip(data, 0),
        lambda data: flip(data, len(data) // 2),
        lambda data: flip(data, len(data) - 1),
        lambda data: b"no code of ours",
    ],
)
def test_damaged_code_is_compiled_again_and_replaced(kept, damage):
    kept.write_bytes(damage(kept.read_bytes()))
    assert not called(kept.parent)
    assert called(kept.parent)


def test_code_of_a_form_that_is_not_known_is_compiled_again(kept):
    content = compiled.dumps(("of", "another numba"))
    kept.write_bytes(compiled.hashlib.sha256(content).digest() + content)
    assert not called(kept.parent)
    assert called(kept.parent)


def test_a_folder_that_is_gone_or_a_file_costs_time_alone(tmp_path):
    assert not called(tmp_path / "gone")
    (tmp_path / "file").touch()
    assert not called(tmp_path / "file")


def test_code_of_another_processor_has_another_name(tmp_path):
    cache = KernelCache(add_up, tmp_path)
    files = {
        cache._file((numba.float64,), SimpleNamespace(magic_tuple=lambda cpu=cpu: ("linux", cpu, "+avx")))
        for cpu in "ab"
    }
    assert len(files) == 2


def test_other_types_have_a_file_of_their_own_and_all_can_be_forgotten(kept):
    compiled_in(kept.parent)(np.array([1, 2]))
    assert len(list(kept.parent.iterdir())) == 2
    compiled_in(kept.parent)._cache.flush()
    assert not list(kept.parent.iterdir())


IN_PLACE_OF_A_FOLDER = """
from core.runtime.kernel_folder import kernel_folder
from core.metrics.intervals import bootstrap
import numpy as np
low, high = bootstrap(np.arange(50.0))
print(kernel_folder(), low[0] < 24.5 < high[0])
"""


@pytest.mark.parametrize("variable", ["XDG_CACHE_HOME", "NUMBA_CACHE_DIR"])
def test_kernels_run_without_a_folder(tmp_path, variable):
    (tmp_path / "file").touch()
    run = subprocess.run(
        [sys.executable, "-c", IN_PLACE_OF_A_FOLDER], cwd=Path(compiled.__file__).parents[2],
        env={"PATH": "", "XDG_CACHE_HOME": str(tmp_path), variable: str(tmp_path / "file")},
        capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    assert run.stdout.strip() == "None True", run.stderr
