"""What fine-tuning leaves in its folder: weights, the hash head that was trained with them, codes.

`weights.safetensors` is a backbone's, without classifier; `head.safetensors` belongs to those weights alone;
`codes.npy` has the packed code of each line of `pictures.csv`.
"""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from core.errors import BadInput
from core.runtime.atomic_file import whole_file
from core.runtime.shared_types import Json

if TYPE_CHECKING:
    from torch import nn

    from core.hashing.head import MlpHash

WEIGHTS, HEAD, CODES, PICTURES = "weights.safetensors", "head.safetensors", "codes.npy", "pictures.csv"


def save_weights(folder: Path, network: nn.Module, encoder: str, trained_as: str) -> Path:
    """The network's tensors as they are; the header says which network, and whose preprocessing it has."""
    from safetensors.torch import save

    tensors = {key: value.detach().cpu().contiguous().clone() for key, value in network.state_dict().items()}
    with whole_file(folder / WEIGHTS) as file:
        file.write(save(tensors, metadata={"encoder": encoder, "trained_as": trained_as}))
    return folder / WEIGHTS


def save_head(folder: Path, method: MlpHash, weights_digest: str, made: str) -> None:
    """The head's arrays, tied to its weights by their digest."""
    from safetensors.numpy import save

    described = {"hash": method.name, "bits": method.bits, "weights": weights_digest, "made": made}
    with whole_file(folder / HEAD) as file:
        file.write(save(method.state(), metadata={"head": json.dumps(described)}))


def save_codes(folder: Path, codes: np.ndarray, paths: list[str], classes: list[str]) -> None:
    """Packed codes uint8 (N, ceil(bits / 8)), and the picture and class of each."""
    buffer = io.BytesIO()
    np.lib.format.write_array(buffer, codes, allow_pickle=False)
    with whole_file(folder / CODES) as file:
        file.write(buffer.getvalue())
    text = io.StringIO()
    rows = csv.writer(text, lineterminator="\n")
    rows.writerow(["path", "class"])
    rows.writerows(zip(paths, classes, strict=True))
    with whole_file(folder / PICTURES) as file:
        file.write(text.getvalue().encode("utf-8", "replace"))


def beside(weights_file: Path | None) -> tuple[Json, ...]:
    """The head that lies beside fine-tuned weights, as `write_bundle` takes it; none where there is none of theirs."""
    if weights_file is None or not (path := weights_file.parent / HEAD).is_file():
        return ()
    from safetensors import SafetensorError, safe_open

    from core.encoders.picture_encoder import file_digest

    try:
        with safe_open(path, framework="np") as file:
            described = json.loads((file.metadata() or {})["head"])
            arrays = {key: file.get_tensor(key) for key in file.keys()}  # noqa: SIM118 - no mapping
        if described["weights"] != file_digest(weights_file):
            return ()
        return ({**{key: described[key] for key in ("hash", "bits", "made")}, "head": arrays},)
    except (OSError, SafetensorError, KeyError, TypeError, ValueError) as error:
        raise BadInput(f"cannot read the head '{path}' ({error}): fine-tune again, or take it away") from error
