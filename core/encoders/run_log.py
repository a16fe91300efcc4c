"""The record of a training run: one CSV row an epoch, and a picture of it."""

from __future__ import annotations

import csv
import io
from pathlib import Path

from core.runtime.atomic_file import whole_file

NAME = "log.csv"
FIELDS = ("epoch", "loss", "held_out_accuracy", "held_out_ap", "held_out_ahp", "held_out_precision", "seconds")


def read(folder: Path, epochs: int) -> list[dict[str, str]]:
    """The rows of the first `epochs` epochs; a stopped run may have written one that its checkpoint does not know."""
    path = folder / NAME
    if not path.exists():
        return []
    with path.open(newline="") as file:
        return [row for row in csv.DictReader(file) if int(row["epoch"]) <= epochs]


def write(folder: Path, rows: list[dict[str, str]]) -> None:
    """Write all rows, and the picture beside them."""
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, FIELDS, extrasaction="ignore", lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    with whole_file(folder / NAME) as file:
        file.write(text.getvalue().encode())
    with whole_file(folder / "log.html") as file:
        file.write(_picture(rows).encode())


def row(epoch: int, values: tuple[float, ...]) -> dict[str, str]:
    """A row: the epoch, from 1, and the other fields in their order."""
    return dict(zip(FIELDS, (str(epoch), *(f"{value:.6g}" for value in values)), strict=True))


def _picture(rows: list[dict[str, str]]) -> str:
    import plotly.graph_objects as go
    from plotly.subplots import make_subplots

    figure = make_subplots(rows=1, cols=2, subplot_titles=("training loss", "held-out images"))
    epochs = [int(values["epoch"]) for values in rows]
    for name in FIELDS[1:-1]:
        line = go.Scatter(x=epochs, y=[float(values[name]) for values in rows], name=name, mode="lines+markers")
        figure.add_trace(line, row=1, col=1 if name == "loss" else 2)
    figure.update_xaxes(title_text="epoch")
    return figure.to_html(include_plotlyjs=True)
