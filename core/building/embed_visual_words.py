"""Bags of visual words on CIFAR-100 or CIFAR-10: fitted on training images, judged on held-out ones, embedded."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from tqdm import tqdm

from core.building.bundle_entries import (
    HIERARCHIES,
    MOST_DIMENSIONS,
    SPLITS,
    check_encoder,
    existing_bundle,
    principal_axes,
    stored_vectors,
    write_encoders,
)
from core.building.encode_time import time_words
from core.bundle import hierarchy
from core.bundle.writer import BundleWriter
from core.datasets.cifar import Cifar
from core.datasets.cifar100 import CIFAR_100
from core.datasets.held_out import held_out
from core.encoders.visual_words.bag import tf_idf
from core.encoders.visual_words.fit import fit_bag
from core.encoders.visual_words.recipes import VisualWordsRecipe, get_words_recipe
from core.encoders.visual_words.weights import load_bag, to_bytes
from core.runtime.atomic_file import whole_file
from core.runtime.shared_types import Json


def train_words(
    root: str | Path,
    encoder: str,
    run_folder: str | Path,
    seed: int = 0,
    changes: Sequence[str] = (),
    dataset: Cifar = CIFAR_100,
) -> dict[str, object]:
    """Fit vocabulary and idf on the training images that are not held out; `changes` are 'field=value' of the recipe.

    Writes them and, as JSON, how well the held-out images find each other by the vectors as a bundle has them,
    reduced to 128 dimensions where they are wider, and by all of them; returns the latter.
    """
    recipe, started = get_words_recipe(encoder, changes), time.perf_counter()
    split = dataset.read_split(root, "train")
    chosen = held_out(split.labels)
    fitted = np.setdiff1d(np.arange(len(split.labels)), chosen)
    Path(run_folder).mkdir(parents=True, exist_ok=True)
    with _bar(recipe.encoder) as show:
        bag, counts = fit_bag(recipe, split.images[fitted], seed, progress=show)
    with whole_file(Path(run_folder) / "weights.safetensors") as file:
        file.write(to_bytes(bag))
    whole = bag.encode(split.images[chosen]).embeddings
    reduced = whole
    if whole.shape[1] > MOST_DIMENSIONS:
        mean, axes = principal_axes(tf_idf(counts, bag.idf), MOST_DIMENSIONS)
        reduced = (whole - mean) @ axes
    judged = {
        **_judged(reduced, split.labels[chosen], root, dataset),
        **{f"{name}_whole": value for name, value in _judged(whole, split.labels[chosen], root, dataset).items()},
    }
    result = {"encoder": recipe.encoder, "seed": seed, "words": recipe.words, "parameters": bag.weight_count, **judged}
    result["seconds"] = time.perf_counter() - started
    with whole_file(Path(run_folder) / "result.json") as file:
        file.write((json.dumps(result, indent=1) + "\n").encode())
    return result


def embed_words(root: str | Path, encoder: str, weights: Path, out: str | Path, dataset: Cifar) -> list[str]:
    """Put the vectors of both splits into a bundle; returns the encoder's name in a list."""
    existing_bundle(Path(out), dataset)
    bag = load_bag(weights)
    check_encoder(weights, bag.recipe.encoder, encoder)
    splits = {name: dataset.read_split(root, name) for name in SPLITS}
    vectors = {}
    for name, split in splits.items():
        with _bar(name) as show:
            vectors[name] = bag.encode(split.images, progress=show).embeddings
    labels = splits["train"].labels
    fitted = np.setdiff1d(np.arange(len(labels)), held_out(labels))

    def describe(writer: BundleWriter) -> tuple[dict[str, Json], list[Json]]:
        entry = {
            "made": how_made(bag.recipe, len(fitted), bag.centres.shape[0] + 1),
            "recipe": bag.recipe.as_dict(),
            "parameters": bag.weight_count,
            "accuracy": None,
            "predicted": {},
            "without_descriptor": {name: int((found[:, -1] > 0).sum()) for name, found in vectors.items()},
            "weights": writer.add_file(f"{encoder}.safetensors", weights.read_bytes()),
            **time_words(bag, splits["test"].images),
            **stored_vectors(vectors, writer, fitted),
        }
        return {encoder: entry}, []

    return write_encoders(root, out, dataset, splits, describe)


def how_made(recipe: VisualWordsRecipe, fitted: int, width: int) -> str:
    """The line that a bundle has of an encoder."""
    made = (
        f"python -m core train --encoder {recipe.encoder}: {recipe.words:,} visual words of dense "
        f"{recipe.descriptor.upper()}, tf-idf, fitted on {fitted:,} training images"
    )
    return made + (f"; {width} dimensions reduced by PCA" if width > MOST_DIMENSIONS else "")


def _judged(vectors: np.ndarray, labels: np.ndarray, root: str | Path, dataset: Cifar) -> dict[str, float]:
    from core.encoders.validation import judge

    names, _ = dataset.read_names(root)
    similarity = hierarchy.read(dataset.tree(HIERARCHIES[0]), names, HIERARCHIES[0]).similarity()
    ap, ahp, precision = judge(vectors.astype(np.float32), labels, similarity)
    return {"held_out_ap@100": ap, "held_out_ahp@250": ahp, "held_out_precision@1": precision}


@contextmanager
def _bar(what: str) -> Iterator[Callable[[float], object]]:
    with tqdm(total=100, desc=what, unit="%", disable=None) as bar:
        yield lambda share: bar.update(int(100 * share) - bar.n)
