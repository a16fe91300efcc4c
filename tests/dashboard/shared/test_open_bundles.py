from __future__ import annotations

import json

import pytest

from core.bundle import manifest
from core.errors import BadInput
from dashboard.shared.open_bundles import read_bundle


def test_a_bundle_is_read_once_until_its_manifest_changes(make_bundle):
    folder = make_bundle().path
    first = read_bundle(folder)
    assert read_bundle(str(folder)) is first
    source = folder / manifest.NAME
    changed = {**json.loads(source.read_text()), "dataset": "another"}
    (folder / "new").write_text(json.dumps(changed))
    (folder / "new").replace(source)
    assert read_bundle(folder).dataset == "another"
    source.unlink()
    with pytest.raises(BadInput, match="no bundle in"):
        read_bundle(folder)
