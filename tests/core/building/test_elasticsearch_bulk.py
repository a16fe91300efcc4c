"""Files for Elasticsearch, by what its documentation says of their form. No server of it was there to take them."""

from __future__ import annotations

import json

import numpy as np
import pytest

from core.building.elasticsearch_bulk import code_field, mapping_path, write_bulk
from core.building.gallery_parts import Part
from core.errors import BadInput
from core.search.engines.engine import Collection


def parts(count=1003, dimensions=3):
    random = np.random.default_rng(0)
    rows = random.normal(size=(count, dimensions)).astype(np.float32)
    packed = random.integers(0, 256, (count, 5)).astype(np.uint8)
    packed[0] = np.array([-127, 0, 1, 42, 127], np.int8).view(np.uint8)  # an example of the documentation
    vectors = Part("semantic test", Collection("bh_x", "vectors", dimensions, count), rows)
    return vectors, Part("semantic test itq 40", Collection("bh_y", "codes", 40, count), packed)


def written(path, vectors, code, similarity="cosine"):
    told = []
    write_bulk(path, vectors, [("code_itq_40", code)], similarity, "by a test", told.append)
    assert sum(told) == vectors.collection.count
    lines = [json.loads(line) for line in path.read_text().splitlines()]
    return lines[::2], lines[1::2], json.loads(mapping_path(path).read_text())["mappings"]


def test_a_document_is_a_pair_of_lines_whose_id_is_the_row(tmp_path):
    vectors, code = parts()
    actions, documents, _ = written(tmp_path / "a.ndjson", vectors, code)
    assert actions == [{"index": {"_id": str(row)}} for row in range(1003)]
    assert [document["row"] for document in documents] == list(range(1003))
    assert (tmp_path / "a.ndjson").read_bytes().endswith(b"}\n")  # a bulk request ends with a line break


def test_vectors_are_read_back_bit_for_bit_and_codes_are_hexadecimal_bytes(tmp_path):
    vectors, code = parts()
    _, documents, _ = written(tmp_path / "a.ndjson", vectors, code)
    read = np.array([document["vector"] for document in documents], np.float64)
    np.testing.assert_array_equal(read, vectors.rows.astype(np.float64))
    assert documents[0]["code_itq_40"] == "8100012a7f"
    bytes_read = np.array([list(bytes.fromhex(document["code_itq_40"])) for document in documents], np.uint8)
    np.testing.assert_array_equal(bytes_read, code.rows)


def test_the_mapping_has_a_field_of_floats_and_one_of_bits_for_each_code(tmp_path):
    vectors, code = parts()
    mappings = written(tmp_path / "a.ndjson", vectors, code)[2]
    assert mappings["properties"] == {
        "row": {"type": "integer"},
        "vector": {
            "type": "dense_vector",
            "element_type": "float",
            "dims": 3,
            "index": True,
            "index_options": {"type": "flat"},
            "similarity": "dot_product",
        },
        "code_itq_40": {
            "type": "dense_vector",
            "element_type": "bit",
            "dims": 40,
            "index": True,
            "index_options": {"type": "flat"},
            "similarity": "l2_norm",
        },
    }
    assert mappings["dynamic"] == "strict"
    assert mappings["_meta"] == {"made": "by a test"}
    mappings = written(tmp_path / "a.ndjson", vectors, code, "inner-product")[2]
    assert mappings["properties"]["vector"]["similarity"] == "max_inner_product"


def test_fields_of_different_codes_differ():
    assert len({code_field(name, bits) for name in ("itq", "pca-sign") for bits in (48, 64)}) == 4


def test_what_elasticsearch_does_not_take_is_refused_before_a_file_is_made(tmp_path):
    vectors, code = parts(2, 4097)
    with pytest.raises(BadInput, match=r"vectors of 4,097 dimensions are too long .* at most 4,096"):
        write_bulk(tmp_path / "a.ndjson", vectors, [("c", code)], "cosine", "", lambda _: None)
    assert list(tmp_path.iterdir()) == []
