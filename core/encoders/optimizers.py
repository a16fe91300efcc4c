"""What changes the weights: Muon for the filters and AdamW for the rest, or plain SGD; one schedule for all."""

from __future__ import annotations

from collections.abc import Iterable

import torch
from torch import nn
from torch.optim import SGD, AdamW, Muon, Optimizer

from core.encoders.networks.base import Network
from core.encoders.networks.filters import Filters
from core.encoders.recipes.base import Recipe
from core.runtime.shared_types import Json

_NEWTON_SCHULZ_STEPS = 3


class Optimizers:
    """The optimizers of a network under its recipe's schedule."""

    def __init__(self, network: Network, recipe: Recipe) -> None:
        self.recipe = recipe
        # Under SGD filters are weights like any others.
        modules = network.modules() if recipe.optimizer == "muon" else []
        self.filters = [module.weight for module in modules if isinstance(module, Filters)]
        taken = {id(weight) for weight in self.filters}
        rest = [weight for weight in network.parameters() if weight.requires_grad and id(weight) not in taken]
        if recipe.optimizer == "sgd":
            self.all: list[Optimizer] = [SGD(_groups(rest, network, recipe), lr=recipe.rate, momentum=0.9)]
        else:
            muon = Muon(
                self.filters,
                lr=recipe.filter_rate,
                momentum=recipe.filter_momentum,
                weight_decay=0.0,
                ns_steps=_NEWTON_SCHULZ_STEPS,
            )
            self.all = [muon, AdamW(_groups(rest, network, recipe), lr=recipe.rate, betas=(0.9, 0.98))]
        self.rates = [[group["lr"] for group in optimizer.param_groups] for optimizer in self.all]

    def step(self, cycles: float) -> None:
        """Change the weights by their gradients and forget those; `cycles` is how much of the run is done."""
        factor = schedule(self.recipe, cycles)
        for optimizer, rates in zip(self.all, self.rates, strict=True):
            for group, rate in zip(optimizer.param_groups, rates, strict=True):
                group["lr"] = factor * rate
            optimizer.step()
            optimizer.zero_grad(set_to_none=True)
        with torch.no_grad():
            # Batch normalisation follows each filter, so that its length means nothing: fixed, it keeps Muon's rate
            # a relative one (Jordan, 2024).
            for weight in self.filters:
                weight.mul_(len(weight) ** 0.5 / weight.norm())

    def state_dict(self) -> list[Json]:
        """The state of each optimizer."""
        return [optimizer.state_dict() for optimizer in self.all]

    def load_state_dict(self, states: list[Json]) -> None:
        """Go on from `state_dict`'s value."""
        for optimizer, state in zip(self.all, states, strict=True):
            optimizer.load_state_dict(state)


def schedule(recipe: Recipe, cycles: float) -> float:
    """Factor of the learning rates when so many `cycles` are done: in each a rise, a plateau, a fall to zero.

    Warm restarts are those of Loshchilov & Hutter (ICLR 2017), with a linear fall.
    """
    share, peak = cycles % 1.0, recipe.cycle_decay ** int(cycles)
    if share < recipe.warm_up:
        return peak * share / recipe.warm_up
    return peak if share < recipe.hold else peak * (1.0 - share) / (1.0 - recipe.hold)


def _groups(weights: Iterable[nn.Parameter], network: Network, recipe: Recipe) -> list[Json]:
    """Parameter groups: matrices decay, biases and norms do not; some learn at a rate of their own."""
    own = {id(weight): rate for weight, rate in network.own_rates().items()}
    groups: dict[tuple[float, float], list[nn.Parameter]] = {}
    for weight in weights:
        decay = recipe.weight_decay if weight.ndim > 1 else 0.0
        groups.setdefault((own.get(id(weight), recipe.rate), decay), []).append(weight)
    return [{"params": members, "lr": rate, "weight_decay": decay} for (rate, decay), members in groups.items()]
