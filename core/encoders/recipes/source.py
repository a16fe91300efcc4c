"""`source` and `source-alexnet`: the system that this one grew from, its faults mended.

As published (rounaksaha12/Information-Retrieval-CBIR-project): torchvision's AlexNet from ImageNet, its 4096-d fc7, 48
sigmoid units, 100 outputs drawn to the class vectors by the cosine loss alone; SGD at a rate of .001, momentum .9,
batches of 8, 10 epochs, images scaled to 224 pixels, no augmentation. Mended: the images' red, green and blue means
were .485, .486, .486 by a slip (.485, .456, .406 here); the weights kept were those with the least loss on the test
split (here choices are made on held-out training images, and the last weights are kept).

`source` has the same head and loss on a small trunk, so that it ships and trains on two cores.
"""

from __future__ import annotations

from core.encoders.recipes.base import Recipe

SOURCE = Recipe(encoder="source", network="source", epochs=20)
SOURCE_ALEXNET = Recipe(
    encoder="source-alexnet",
    network="alexnet",
    epochs=10,
    batch_size=8,
    optimizer="sgd",
    rate=0.001,
    weight_decay=0.0,
    warm_up=0.0,
    hold=1.0,
    label_smoothing=0.0,
    flip=False,
    shift=0,
)
