"""An embedding on the class vectors of a tree, weighed by the network's own class probabilities."""

from __future__ import annotations

from torch import Tensor, nn
from torch.nn import functional

from core.encoders.networks.base import Encoded, Network
from core.encoders.networks.own_code import OwnCode
from core.encoders.networks.trunks import make_trunk
from core.encoders.recipes.semantic import SemanticRecipe


class SemanticNetwork(Network):
    """The embedding is the mean class vector under softmax(logits / temperature), at unit length.

    Its inner product with another image's is then, but for length, the expected class similarity of the two. The
    class vectors are those of Barz & Denzler (WACV 2019), who draw a free embedding to them.
    """

    recipe: SemanticRecipe
    class_vectors: Tensor

    def __init__(self, recipe: SemanticRecipe, class_vectors: Tensor) -> None:
        super().__init__(recipe)
        self.trunk = make_trunk(recipe)
        self.classify = nn.Linear(self.trunk.features, len(class_vectors))
        self.own_code = OwnCode(class_vectors.shape[1], recipe.bits)
        self.register_buffer("class_vectors", class_vectors)

    def prepare(self, images: Tensor) -> None:
        self.trunk.prepare(self.standardise(images))

    def forward(self, images: Tensor) -> Encoded:
        logits = self.classify(self.trunk(self.standardise(images))).float()
        shares = functional.softmax(logits / self.recipe.temperature, dim=1)
        embedding = functional.normalize(shares @ self.class_vectors)
        # Detached: the code follows the embedding and does not bend it.
        return Encoded(embedding, logits, self.own_code(embedding.detach()).float())

    def loss(self, encoded: Encoded, labels: Tensor) -> Tensor:
        entropy = functional.cross_entropy(encoded.logits, labels, label_smoothing=self.recipe.label_smoothing)
        distance = 1.0 - (encoded.embedding * self.class_vectors[labels]).sum(dim=1).mean()
        code = self.own_code.loss(encoded.latent, encoded.embedding.detach())
        return entropy + self.recipe.cosine_weight * distance + code
