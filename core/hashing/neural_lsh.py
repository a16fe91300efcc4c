"""Neural LSH: planes learned without labels, so that unlike items get orthogonal codes.

The hashing part of Roy, De & Chakrabarti, "Adversarial Permutation Guided Node Representations for Link Prediction",
AAAI 2021 (arXiv 2012.08974): codes h = tanh(W x), the loss lambda1 mean |sum of h| + lambda2 mean || |h| - 1 ||_1 +
(1 - lambda1 - lambda2) mean |h_u h_v| over pairs of nodes without an edge. The first term balances the bits within an
item, not each bit over the items.

A graph has edges; embeddings have neighbours: pairs whose cosine is among the batch's least alike stand for those
without an edge, all but the most alike twentieth. The code starts W at N(0, 1) for 16-d embeddings and adds a bias;
here W is scaled so that values start at about N(0, 1), and planes go through the mean. Both lambdas are .01 there;
with so weak a fence planes turn to where embeddings vary least, since small values are orthogonal too, and lambda2 is
.5 here, chosen on held-out images. Tables of random subsets of the
bits, which the paper searches by, are `core.search`'s business.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from core.hashing.planes import LearnedPlanes

if TYPE_CHECKING:
    from torch import Tensor


class NeuralLSH(LearnedPlanes):
    """Planes under which all but neighbours are orthogonal."""

    name = "neural-lsh"
    within = 0.01  # lambda1
    fencing = 0.5  # lambda2
    edges = 0.05  # share of the pairs that count as neighbours

    def loss(self, values: Tensor, features: Tensor) -> Tensor:
        return neural_lsh_loss(values.tanh(), unlike(features, self.edges), self.within, self.fencing)


def neural_lsh_loss(codes: Tensor, apart: Tensor, within: float, fencing: float) -> Tensor:
    """The paper's loss of codes (n, bits) in -1 to 1; apart (n, n) is 1 for pairs without an edge."""
    inner = ((codes @ codes.T).abs() * apart).mean()
    balanced = codes.sum(dim=1).abs().mean()
    fenced = (codes.abs() - 1.0).abs().sum(dim=1).mean()
    return within * balanced + fencing * fenced + (1.0 - within - fencing) * inner


def unlike(features: Tensor, edges: float) -> Tensor:
    """float32 (n, n): 0 for the share `edges` of greatest cosines and on the diagonal, else 1."""
    from torch.nn import functional

    unit = functional.normalize(features)
    cosine = (unit @ unit.T).fill_diagonal_(2.0)
    kept = max(len(cosine), int(edges * cosine.numel()))
    threshold = cosine.flatten().topk(kept).values[-1]
    return (cosine < threshold).float()
