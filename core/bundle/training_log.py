"""The log of a training run that a bundle keeps with an encoder: one row an epoch."""

from __future__ import annotations

import pandas as pd

from core.bundle.bundle import Bundle
from core.bundle.files import check_sum
from core.bundle.manifest_checks import check_file
from core.errors import BadInput


def training_log(bundle: Bundle, encoder: str) -> pd.DataFrame | None:
    """The log as numbers, its epochs ascending, with a column `epoch` from 1 where it has none of its own.

    Columns beside `epoch` are whatever the run wrote (`loss`, `held_out_accuracy`, `seconds`, ...); those that hold
    no number are left out. An epoch that stands twice, as after a resumed run, counts as written last. None if the
    bundle keeps no log; BadInput where it was altered or is no table.
    """
    entry = bundle.encoder_info(encoder).get("training")
    if entry is None:
        return None
    check_file(entry, f"the training log of '{encoder}' in '{bundle.path}'")
    check_sum(bundle.path, entry)
    path = bundle.path / entry["file"]
    try:
        frame = pd.read_csv(path, skipinitialspace=True)
    except (OSError, ValueError) as error:  # pandas' own errors are ValueErrors
        raise BadInput(f"the training log '{path}' is no CSV table: {error}") from error
    numbers = frame.apply(pd.to_numeric, errors="coerce").dropna(axis="columns", how="all")
    if "epoch" not in numbers:
        numbers.insert(0, "epoch", range(1, len(numbers) + 1))
    numbers = numbers.dropna(subset="epoch").drop_duplicates("epoch", keep="last").sort_values("epoch")
    if numbers.empty or len(numbers.columns) < 2:
        raise BadInput(f"the training log '{path}' holds no numbers by epoch: expected columns such as loss")
    return numbers.reset_index(drop=True)
