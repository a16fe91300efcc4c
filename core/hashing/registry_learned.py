"""The hash methods that are trained on embeddings, as data; `core.hashing.registry` has all methods."""

from __future__ import annotations

from functools import partial

from core.hashing.csq import CSQ
from core.hashing.dch import DCH
from core.hashing.expected_match import ExpectedMatch
from core.hashing.fourier_hashnet import FourierHashNet
from core.hashing.greedyhash import GreedyHash
from core.hashing.hashnet import HashNet
from core.hashing.info import LEARNED_BITS, OFFERED_BITS, HashInfo
from core.hashing.latent_cosine import LatentCosine
from core.hashing.latent_sigmoid import LatentSigmoid
from core.hashing.nested import Nested
from core.hashing.neural_lsh import NeuralLSH
from core.hashing.orthohash import OrthoHash
from core.hashing.semantic_centres import SemanticCentres
from core.hashing.trained_hyperplanes import TrainedHyperplanes

_learned = partial(HashInfo, asymmetric=True, slow_fit=True, lengths=LEARNED_BITS)

LEARNED = (
    _learned(
        name="neural-lsh",
        label="Neural LSH",
        description="Planes learned without labels, so that unlike embeddings get orthogonal codes.",
        source="Roy, De & Chakrabarti, AAAI 2021 (arXiv 2012.08974)",
        fit=NeuralLSH,
    ),
    _learned(
        name="trained-hyperplanes",
        label="Trained hyperplanes",
        description="Planes learned without labels: neighbours rank first, bits are even and tell different things.",
        source="Roy et al., NeurIPS 2023 (RH_Trained)",
        fit=TrainedHyperplanes,
    ),
    _learned(
        name="fourier-hashnet",
        label="FourierHashNet",
        description="Queries and gallery get codes of their own, through Fourier maps of an asymmetric similarity.",
        source="Roy et al., NeurIPS 2023; here relevant is an image of the same class",
        fit=FourierHashNet,
        needs_labels=True,
    ),
    _learned(
        name="latent-sigmoid",
        label="Latent sigmoid layer",
        description="A layer before a classifier, in the encoder or behind it; a bit where its sigmoid passes 0.5.",
        source="Lin et al., CVPR Workshops 2015",
        fit=LatentSigmoid,
        needs_labels=True,
        own_layer=True,
    ),
    _learned(
        name="latent-cosine",
        label="Latent layer, cosine loss",
        description="The same layer, trained to give the class vectors of the class tree in place of class numbers.",
        source="Lin et al., CVPR Workshops 2015; with the loss of Barz & Denzler, WACV 2019",
        fit=LatentCosine,
        needs_labels=True,
        needs_similarity=True,
    ),
    _learned(
        name="hashnet",
        label="HashNet",
        description="Pairs of one class drawn together, all others apart, while tanh is turned into the sign.",
        source="Cao et al., ICCV 2017",
        fit=HashNet,
        needs_labels=True,
    ),
    _learned(
        name="dch",
        label="Deep Cauchy hashing",
        description="Codes of one class within a few bits of each other, by a heavy-tailed likelihood of pairs.",
        source="Cao et al., CVPR 2018",
        fit=DCH,
        needs_labels=True,
    ),
    _learned(
        name="greedyhash",
        label="GreedyHash",
        description="A classifier on the signs themselves, whose gradient passes the sign unchanged.",
        source="Su et al., NeurIPS 2018",
        fit=GreedyHash,
        needs_labels=True,
    ),
    _learned(
        name="csq",
        label="Central similarity (CSQ)",
        description="Every class has a code of its own, far from all others, which its images are to hit bit by bit.",
        source="Yuan et al., CVPR 2020",
        fit=CSQ,
        needs_labels=True,
    ),
    _learned(
        name="orthohash",
        label="OrthoHash",
        description="A classifier by the cosine to fixed class codes, with a margin and no other loss.",
        source="Hoe et al., NeurIPS 2021",
        fit=OrthoHash,
        needs_labels=True,
    ),
    _learned(
        name="semantic-centres",
        label="Semantic centres",
        description="Classes have codes near those that the class tree holds alike; an unsure image lies among them.",
        source="after Chen et al., TOIS 2025 (SHC), with a loss of this project",
        fit=SemanticCentres,
        needs_labels=True,
        needs_similarity=True,
    ),
    _learned(
        name="expected-match",
        label="Expected match",
        description="Codes as near as it is probable that their images are of one class: unsure images come late.",
        source="this project, after HashNet (Cao et al., ICCV 2017)",
        fit=ExpectedMatch,
        needs_labels=True,
    ),
    _learned(
        name="nested",
        label="Nested code",
        description="One code of 128 bits, each beginning of which is a good code: one head serves every length.",
        source="after Kusupati et al., NeurIPS 2022, with the loss of OrthoHash",
        prefix=True,
        fit=Nested,
        needs_labels=True,
        lengths=OFFERED_BITS,
    ),
)
