"""Where the pictures of a page come from: CIFAR's files, arrays at hand, or nowhere (then cards are drawn)."""

from __future__ import annotations

import base64
import io
import threading
import time
from collections.abc import Callable, Mapping
from functools import lru_cache
from pathlib import Path

import numpy as np

from core.datasets.cifar import Cifar
from core.datasets.cifar100 import CIFAR_100
from core.errors import BadInput
from dashboard.shared.refusals import worded

CACHED_URIS = 4096  # about 3 KB each
STALLED_SECONDS = 60.0

_one_download = threading.Lock()


class Pictures:
    """Images by split and index, as PNG data URIs.

    One object serves every session (keep it with `st.cache_resource`): a split is read when first asked for. What
    cannot be shown gives None, never an error, since a card can always be drawn; `problem` then says why.
    """

    def __init__(
        self,
        root: str | Path | None = None,
        arrays: Mapping[str, np.ndarray] | None = None,
        dataset: Cifar = CIFAR_100,
    ) -> None:
        """Of the data set's files below `root`, or of `arrays` {split: uint8 (N, h, w, 3)}; without either, none."""
        self.dataset = dataset
        self.root = Path(root) if root is not None else None
        self.problem: str | None = None
        self._images: dict[str, np.ndarray | None] = {}
        self._labels: dict[str, np.ndarray] = {}
        self._lock = threading.Lock()
        self._encoded = lru_cache(maxsize=CACHED_URIS)(self._encode)
        for split, images in (arrays or {}).items():
            self._images[split] = _checked(split, images)

    @classmethod
    def find(cls, *candidates: str | Path | None, dataset: Cifar = CIFAR_100) -> Pictures:
        """Of the first folder that holds the data set: a candidate, $CIFAR_ROOT, or where a download puts it."""
        return cls(dataset.find_root(*candidates), dataset=dataset)

    @property
    def available(self) -> bool:
        """Whether there is anything to show."""
        return any(images is not None for images in self._images.values()) or (
            self.root is not None and self.problem is None
        )

    def uri(self, split: str, index: int) -> str | None:
        """The image as `data:image/png;base64,...`; None where there is no such split or index."""
        images = self._split(split)
        if images is None or not 0 <= index < len(images):
            return None
        return self._encoded(split, int(index))

    def agrees(self, split: str, labels: np.ndarray) -> bool:
        """Whether the files' labels (N,) are these: if not, the pictures belong to other data."""
        self._split(split)
        own = self._labels.get(split)
        return own is not None and np.array_equal(own, labels)

    def _split(self, split: str) -> np.ndarray | None:
        with self._lock:
            if split not in self._images:
                self._images[split] = self._read(split)
            return self._images[split]

    def _read(self, split: str) -> np.ndarray | None:
        if self.root is None or split not in ("train", "test"):
            return None
        try:
            read = self.dataset.read_split(self.root, split)
        except (BadInput, OSError) as error:
            self.problem = worded(error) if isinstance(error, BadInput) else str(error)
            return None
        read.images.flags.writeable = False  # shared by every session
        self._labels[split] = read.labels
        return read.images

    def _encode(self, split: str, index: int) -> str:
        images = self._images[split]
        assert images is not None  # `uri` has looked
        return png_uri(images[index])


def png_uri(image: np.ndarray) -> str:
    """An image uint8 (h, w, 3) as a PNG data URI."""
    from PIL import Image  # comes with streamlit; only needed once there is a picture

    buffer = io.BytesIO()
    Image.fromarray(np.ascontiguousarray(image)).save(buffer, format="PNG")
    return "data:image/png;base64," + base64.b64encode(buffer.getvalue()).decode("ascii")


def download_with_progress(
    root: str | Path,
    on_progress: Callable[[float], object],
    *,
    dataset: Cifar = CIFAR_100,
    download: Callable[[Path], object] | None = None,
    every: float = 0.3,
    stalled: float = STALLED_SECONDS,
) -> Path:
    """Fetch a data set into `root` and call `on_progress` with the share done, 0 to 1, from this thread.

    torchvision's download has no callback: it runs in a thread, and the size of the growing archive is read. The
    last call is 1.0, when the files are unpacked. Raises BadInput without a network, when nothing has arrived for
    `stalled` seconds, and while another download runs.
    """
    root = Path(root)
    if not _one_download.acquire(blocking=False):
        raise BadInput("A data set is being downloaded already: wait until that download is done")
    failure: list[Exception] = []

    def work() -> None:
        try:
            (download or dataset.download)(root)
        except Exception as error:  # handed to the thread that waits
            failure.append(error)
        finally:
            _one_download.release()

    # A daemon, so that a dead connection cannot keep the server from stopping.
    worker = threading.Thread(target=work, name="cifar-download", daemon=True)
    worker.start()
    _watch(worker, root, dataset, on_progress, every, stalled)
    if failure:
        raise _as_bad_input(failure[0], root, dataset) from failure[0]
    on_progress(1.0)
    return root


def _watch(
    worker: threading.Thread,
    root: Path,
    dataset: Cifar,
    on_progress: Callable[[float], object],
    every: float,
    stalled: float,
) -> None:
    """Report the archive's size until the worker ends; raises BadInput when it stops growing."""
    archive, whole = root / dataset.archive, dataset.archive_bytes
    seen, since = -1, time.monotonic()
    while worker.is_alive():
        size = archive.stat().st_size if archive.is_file() else 0
        if size != seen:
            seen, since = size, time.monotonic()
            on_progress(min(size / whole, 0.99))  # the rest is for unpacking
        elif size < whole and time.monotonic() - since > stalled:
            raise BadInput(
                f"the download of {dataset.name} into '{root}' has stopped at {max(size, 0) / 1e6:.0f} MB "
                f"(nothing for {stalled:.0f} s): check the network, restart the dashboard and try again, or put the "
                f"extracted folder '{dataset.folder}' there yourself"
            )
        worker.join(every)


def _as_bad_input(error: Exception, root: Path, dataset: Cifar) -> BadInput:
    if isinstance(error, BadInput):
        return error
    if isinstance(error, ImportError):
        return BadInput(f"the download needs torchvision ({error}): run 'pip install -r requirements.txt'")
    return BadInput(f"could not download {dataset.name} into '{root}' ({type(error).__name__}: {error})")


def _checked(split: str, images: np.ndarray) -> np.ndarray:
    images = np.asarray(images)
    if images.dtype != np.uint8 or images.ndim != 4 or images.shape[-1] != 3:
        raise BadInput(
            f"images of split '{split}' are {images.dtype} {images.shape}: expected uint8 (N, height, width, 3)"
        )
    return images
