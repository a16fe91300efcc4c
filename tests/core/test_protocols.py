from __future__ import annotations

import pytest

from core.errors import BadInput
from core.protocols import PROTOCOLS, get_protocol


@pytest.mark.parametrize(
    ("name", "queries", "gallery", "leave_one_out"),
    [
        ("test-vs-test", "test", "test", True),
        ("test-vs-train", "test", "train", False),
        ("test-vs-test-with-self", "test", "test", False),
        ("queries-vs-gallery", "queries", "gallery", False),
        ("leave-one-out", "gallery", "gallery", True),
    ],
)
def test_protocols(name, queries, gallery, leave_one_out):
    protocol = get_protocol(name)
    assert protocol is PROTOCOLS[name]
    assert protocol.name == name
    assert (protocol.query_split, protocol.gallery_split) == (queries, gallery)
    assert protocol.leave_one_out is leave_one_out
    assert protocol.description.endswith(".")


def test_there_are_no_others():
    assert len(PROTOCOLS) == 5
    with pytest.raises(BadInput, match="test-vs-train"):
        get_protocol("test-vs-trian")
