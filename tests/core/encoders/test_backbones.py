"""torchvision's networks: which layer is cut, whose weights are taken, what is refused."""

from urllib.error import URLError

import numpy as np
import pytest
import torch
import torchvision
from PIL import Image
from torch import nn

from core.encoders.backbones import backbone_names, build, cut_classifier, last_block, open_backbone
from core.encoders.picture_encoder import BackboneEncoder, open_encoder
from core.errors import BadInput

CUT = {
    "resnet18": ("fc", ["layer4.1"]),
    "squeezenet1_1": ("classifier", ["features.12"]),
    "mobilenet_v3_small": ("classifier.3", ["classifier"]),
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("weights")


@pytest.fixture(scope="module")
def saved(folder):
    """Random weights of resnet18 as a torch state dict, and the whole network that they are of."""
    torch.manual_seed(0)
    network = torchvision.models.resnet18(weights=None).eval()
    torch.save(network.state_dict(), folder / "mine.pth")
    return folder / "mine.pth", network


@pytest.mark.parametrize("name", CUT)
def test_last_linear_layer_and_last_block(name):
    network = build(name, torchvision.models.get_model_weights(name).DEFAULT)
    assert cut_classifier(network) == CUT[name][0]
    assert last_block(network) == CUT[name][1]


@pytest.mark.parametrize(
    ("name", "layer", "block"),
    [
        ("resnet50", "fc", ["layer4.2"]),
        ("resnet152", "fc", ["layer4"]),
        ("vit_b_16", "heads.head", ["encoder.ln", "encoder.layers.encoder_layer_11"]),
        ("convnext_tiny", "classifier.2", ["classifier", "features.7.2"]),
        ("alexnet", "classifier.6", ["classifier.4"]),
        ("vgg16", "classifier.6", ["classifier.3"]),
        ("inception_v3", "fc", ["Mixed_7c"]),
    ],
)
def test_layers_of_the_large_ones(name, layer, block):
    with torch.device("meta"):
        network = build(name, torchvision.models.get_model_weights(name).DEFAULT)
    assert cut_classifier(network) == layer
    assert last_block(network) == block


def test_features_are_what_the_classifier_is_given(saved):
    path, whole = saved
    backbone = open_backbone("resnet18", path)
    batch = torch.rand(2, 3, 64, 64, generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        features = backbone.network(batch)
        assert features.shape == (2, 512)
        assert torch.allclose(whole.fc(features), whole(batch), atol=1e-5)


def test_a_picture_goes_through_the_weights_own_preprocessing(saved):
    encoder = open_encoder("resnet18", saved[0])
    picture = np.random.default_rng(0).integers(0, 256, (90, 60, 3), dtype=np.uint8)
    given = torchvision.models.ResNet18_Weights.DEFAULT.transforms()(Image.fromarray(picture))
    assert torch.equal(encoder.prepare(picture), given) and given.shape == (3, 224, 224)
    with torch.no_grad():
        whole = encoder.network(given[None]).numpy()
    assert np.allclose(encoder.encode_pictures([picture]), whole)


def test_a_very_long_picture_is_cut_not_blown_up(saved):
    encoder = open_encoder("resnet18", saved[0])
    assert encoder.prepare(np.zeros((1, 100_000, 3), dtype=np.uint8)).shape == (3, 224, 224)


def test_safetensors_checkpoints_and_other_heads_are_read(saved, folder):
    from safetensors.torch import save_file

    state = saved[1].state_dict()
    tuned = {key: value for key, value in state.items() if not key.startswith("fc.")}
    save_file({key: value.contiguous() for key, value in tuned.items()}, folder / "tuned.safetensors")
    other = {**state, "fc.weight": torch.zeros(7, 512), "fc.bias": torch.zeros(7)}
    torch.save({"state_dict": {f"module.{key}": value for key, value in other.items()}}, folder / "seven.pth")
    batch = torch.rand(1, 3, 64, 64)
    wanted = open_backbone("resnet18", saved[0]).network(batch)
    for name in ("tuned.safetensors", "seven.pth"):
        assert torch.equal(open_backbone("resnet18", folder / name).network(batch), wanted)


def test_weights_that_do_not_fit(saved, folder):
    state = saved[1].state_dict()
    torch.save({k: v for k, v in state.items() if k != "conv1.weight"} | {"strange": torch.ones(1)}, folder / "a.pth")
    with pytest.raises(BadInput, match=r"missing conv1\.weight; unexpected strange"):
        open_backbone("resnet18", folder / "a.pth")
    torch.save({**state, "conv1.weight": torch.zeros(64, 3, 3, 3)}, folder / "b.pth")
    with pytest.raises(BadInput, match=r"'conv1\.weight' has the shape \(64, 3, 3, 3\), expected \(64, 3, 7, 7\)"):
        open_backbone("resnet18", folder / "b.pth")
    torch.save({**state, "conv1.weight": torch.full((64, 3, 7, 7), float("nan"))}, folder / "c.pth")
    with pytest.raises(BadInput, match="NaN"):
        open_backbone("resnet18", folder / "c.pth")
    with pytest.raises(BadInput, match="another network"):
        open_backbone("squeezenet1_1", saved[0])


def test_no_code_in_a_file_is_run(folder):
    torch.save(nn.Linear(2, 2), folder / "whole.pth")  # a pickled module
    (folder / "text.pth").write_text("hello")
    (folder / "text.safetensors").write_text("hello")
    torch.save([1, 2], folder / "list.pth")
    for name in ("whole.pth", "text.pth", "text.safetensors", "list.pth", "absent.pth"):
        with pytest.raises(BadInput, match="expected"):
            open_backbone("resnet18", folder / name)


def test_without_a_network_the_line_says_where_to_put_the_file(monkeypatch, tmp_path):
    def refuse(*arguments, **options):
        raise URLError("no route")

    monkeypatch.setattr(torch.hub, "download_url_to_file", refuse)
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    with pytest.raises(BadInput) as error:
        open_backbone("resnet50")
    line = str(error.value)
    assert (
        "resnet50-11ad3fa6.pth" in line
        and str(tmp_path / "hub" / "checkpoints") in line
        and "or name a file of weights" in line
    )
    assert "\n" not in line


def test_a_file_that_was_put_there_is_used(monkeypatch, tmp_path, saved):
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    url = torchvision.models.ResNet18_Weights.DEFAULT.url
    place = tmp_path / "hub" / "checkpoints" / url.rsplit("/", 1)[1]
    place.parent.mkdir(parents=True)
    place.write_bytes(saved[0].read_bytes())
    assert open_backbone("resnet18").weights_file == place


def test_preprocessing_goes_by_the_files_name(saved, folder, monkeypatch):
    known = torchvision.models.ResNet50_Weights
    for weights in known:
        path = folder / weights.url.rsplit("/", 1)[1]
        monkeypatch.setattr("core.encoders.backbones.load_into", lambda *arguments: None)
        torch.save({"x": torch.ones(1)}, path)
        assert open_backbone("resnet50", path).transform.resize_size == weights.transforms().resize_size
    assert known.IMAGENET1K_V1.transforms().resize_size != known.IMAGENET1K_V2.transforms().resize_size


def test_names():
    wanted = "resnet50 resnet152 vit_l_16 vit_b_16 inception_v3 convnext_tiny alexnet vgg16".split()  # noqa: SIM905
    assert set(wanted) <= set(backbone_names()) and "fcn_resnet50" not in backbone_names()
    with pytest.raises(BadInput, match="did you mean 'resnet50'"):
        open_encoder("resnet5o")


def test_key_tells_weights_apart(saved, folder):
    torch.save({k: v + 1 if k == "conv1.weight" else v for k, v in saved[1].state_dict().items()}, folder / "other.pth")
    first, second = (BackboneEncoder(open_backbone("resnet18", path)) for path in (saved[0], folder / "other.pth"))
    assert first.key != second.key and first.key == BackboneEncoder(open_backbone("resnet18", saved[0])).key
