"""A network taught by another one's class probabilities."""

from __future__ import annotations

from torch import Tensor
from torch.nn import functional


def distillation_loss(logits: Tensor, teacher_logits: Tensor, temperature: float) -> Tensor:
    """temperature^2 times the divergence of the network's class probabilities from its teacher's, both at
    `temperature` (Hinton, Vinyals & Dean, 2015); logits (N, C) of the same images. The mean over images."""
    wanted = (teacher_logits.float() / temperature).log_softmax(dim=1)
    found = (logits.float() / temperature).log_softmax(dim=1)
    return temperature**2 * functional.kl_div(found, wanted, reduction="batchmean", log_target=True)
