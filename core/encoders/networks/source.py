"""The head of the system that this one grew from: 48 sigmoid units, one linear map, the cosine loss alone."""

from __future__ import annotations

from torch import Tensor, nn
from torch.nn import functional

from core.encoders.networks.base import Encoded, Network
from core.encoders.networks.trunks import make_trunk
from core.encoders.recipes.base import Recipe

# ImageNet's channel means and deviations; the source had .486 for the blue mean by a slip.
IMAGENET_MEAN, IMAGENET_DEVIATION = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
SIDE = 224  # pixels that AlexNet reads
FEATURES = 4096  # of its layer fc7


class SourceHead(nn.Module):
    """Features to the embedding through sigmoid units; a bit is set where a unit is at least .5."""

    class_vectors: Tensor

    def __init__(self, features: int, bits: int, class_vectors: Tensor) -> None:
        super().__init__()
        self.hidden = nn.Linear(features, bits)
        self.project = nn.Linear(bits, class_vectors.shape[1])
        self.register_buffer("class_vectors", class_vectors)

    def forward(self, features: Tensor) -> Encoded:
        latent = self.hidden(features).float()
        embedding = functional.normalize(self.project(latent.sigmoid()).float())
        return Encoded(embedding, embedding @ self.class_vectors.T, latent)

    def loss(self, encoded: Encoded, labels: Tensor) -> Tensor:
        """Mean of 1 - cos(embedding, class vector)."""
        return 1.0 - (encoded.embedding * self.class_vectors[labels]).sum(dim=1).mean()


class SourceNetwork(Network):
    """The head on the small trunk. There is no classifier: the nearest class vector is the predicted class."""

    def __init__(self, recipe: Recipe, class_vectors: Tensor) -> None:
        super().__init__(recipe)
        self.trunk = make_trunk(recipe)
        self.head = SourceHead(self.trunk.features, recipe.bits, class_vectors)

    def prepare(self, images: Tensor) -> None:
        self.trunk.prepare(self.standardise(images))

    def forward(self, images: Tensor) -> Encoded:
        return self.head(self.trunk(self.standardise(images)))

    def loss(self, encoded: Encoded, labels: Tensor) -> Tensor:
        return self.head.loss(encoded, labels)


class SourceAlexNet(Network):
    """As published: AlexNet to fc7 (dropout kept), images scaled to 224 pixels. 57 million weights."""

    def __init__(self, recipe: Recipe, class_vectors: Tensor) -> None:
        from torchvision.models import alexnet  # slow to import: only where it is used

        super().__init__(recipe, IMAGENET_MEAN, IMAGENET_DEVIATION)
        self.trunk = alexnet()
        self.trunk.classifier[6] = nn.Identity()
        self.head = SourceHead(FEATURES, recipe.bits, class_vectors)

    def start_from_imagenet(self) -> None:
        """Take torchvision's ImageNet weights (downloaded once, 230 MB); raises OSError where there is no network."""
        from torchvision.models import AlexNet_Weights

        weights = AlexNet_Weights.IMAGENET1K_V1.get_state_dict(progress=True, check_hash=True)
        self.trunk.load_state_dict({n: w for n, w in weights.items() if not n.startswith("classifier.6")})

    def forward(self, images: Tensor) -> Encoded:
        large = functional.interpolate(images, size=(SIDE, SIDE), mode="bilinear", align_corners=False)
        return self.head(self.trunk(self.standardise(large)))

    def loss(self, encoded: Encoded, labels: Tensor) -> Tensor:
        return self.head.loss(encoded, labels)
