import numpy as np
import torch

from core.building.encode_time import BATCH, time_encoding
from core.encoders import encoding
from core.encoders.networks.folded import FoldedTrunk
from core.encoders.networks.registry import make_network
from core.encoders.recipes.registry import get_recipe


def test_what_is_measured_is_said(monkeypatch):
    network = make_network(get_recipe("semantic", ["widths=4,4,4"]), torch.eye(5)).eval()
    seen, encode_images = [], encoding.encode_images

    def spy(network, images, *arguments):
        assert isinstance(network.trunk, FoldedTrunk)  # as a query meets it
        seen.append((len(images), torch.get_num_threads()))
        return encode_images(network, images, *arguments)

    monkeypatch.setattr(encoding, "encode_images", spy)
    threads = torch.get_num_threads()
    result = time_encoding(network, np.zeros((3, 32, 32, 3), np.uint8), runs=10)
    assert set(result) == {"encode_ms", "encode_batch_ms", "encode_batch", "encode_threads", "encode_machine"}
    assert seen[:11] == [(1, 1)] * 11
    assert {size for size, _ in seen[11:]} == {BATCH}
    assert {used for _, used in seen[11:]} == {threads} == {torch.get_num_threads()}
    assert result["encode_batch_ms"] > 0
    assert result["encode_ms"] > 0
