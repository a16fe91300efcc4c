"""Evaluation protocols: which images query which gallery, and whether a query is left out of it."""

from __future__ import annotations

from dataclasses import dataclass

from core.errors import unknown_name


@dataclass(frozen=True)
class Protocol:
    """Queries and gallery are splits of a bundle; `leave_one_out` removes the query from its own gallery."""

    name: str
    query_split: str
    gallery_split: str
    leave_one_out: bool
    description: str


PROTOCOLS = {
    protocol.name: protocol
    for protocol in (
        Protocol(
            "test-vs-test",
            "test",
            "test",
            True,
            "Each test image queries all other test images; no training image is searched.",
        ),
        Protocol(
            "test-vs-train",
            "test",
            "train",
            False,
            "Test images query the training images, which the encoder and the learned hashes have seen. "
            "Hashing papers report this one.",
        ),
        Protocol(
            "test-vs-test-with-self",
            "test",
            "test",
            False,
            "Each test image queries all test images, itself among them: by cosine it finds itself first, so figures "
            "at small k are high by construction.",
        ),
        Protocol("queries-vs-gallery", "queries", "gallery", False, "Imported queries search the imported gallery."),
        Protocol("leave-one-out", "gallery", "gallery", True, "Each gallery item queries all the others."),
    )
}


def get_protocol(name: str) -> Protocol:
    """The protocol of that name; raises BadInput for another name."""
    if name not in PROTOCOLS:
        raise unknown_name("protocol", name, PROTOCOLS)
    return PROTOCOLS[name]
