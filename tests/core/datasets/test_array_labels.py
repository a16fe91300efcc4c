from __future__ import annotations

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.datasets.array_labels import read_labels
from core.datasets.scratch import Scratch
from core.errors import BadInput
from tests.core.datasets.array_tables import write_hub

NAMES = ["dog", "cat", "dog", "eel"]


def read(source, column=None):
    with Scratch() as scratch:
        return read_labels(source, "gallery labels", scratch, column)


def csv(tmp_path, text):
    path = tmp_path / "y.csv"
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return path


@pytest.mark.parametrize(
    ("text", "column"),
    [
        ("1\n0\n1\n2\n", None),
        ("label\n1\n0\n1\n2\n", None),
        ("id,label\na,1\nb,0\nc,1\nd,2\n", None),
        ("\ufeffid;y;z\r\na;1;5\r\nb;0;5\r\nc;1;5\r\nd;2;5\r\n", None),
        ("label\tfine\n7\t1\n7\t0\n7\t1\n7\t2\n", "fine"),
        ("species\n1\n0\n1\n2\n", "species"),
        ('id,label\n"a,b", 1\nb,0\n\nc,1\nd,2', None),
    ],
    ids=["plain", "header", "two columns", "windows", "tabs", "named", "quotes"],
)
def test_numbers_of_a_csv(tmp_path, text, column):
    labels = read(csv(tmp_path, text), column)
    assert labels.numbers.tolist() == [1, 0, 1, 2] and labels.numbers.dtype == np.int64
    assert labels.names is None and not labels.text


@pytest.mark.parametrize("kind", ["csv", "array", "parquet", "categories", "large"])
def test_names_are_classes_in_their_order(tmp_path, kind):
    if kind == "csv":
        source = csv(tmp_path, "label\n" + "\n".join(NAMES))
    elif kind == "array":
        source = np.array(NAMES)
    else:
        made = {"parquet": pa.array(NAMES), "categories": pa.array(NAMES).dictionary_encode(),
                "large": pa.array(NAMES, pa.large_string())}  # fmt: skip
        source = write_hub(tmp_path / "x.parquet", {"label": made[kind], "other": range(4)}, rows=2)
    labels = read(source)
    assert labels.numbers.tolist() == [1, 0, 1, 2] and labels.names == ("cat", "dog", "eel") and labels.text


@settings(max_examples=25, deadline=None)
@given(names=st.lists(st.sampled_from(["a", "b b", "ç", 'say "x"', "d,e", "10"]), min_size=1, max_size=30))
def test_a_csv_and_a_parquet_of_the_same_names_agree(tmp_path_factory, names):
    folder = tmp_path_factory.mktemp("t")
    pd.DataFrame({"id": range(len(names)), "label": names}).to_csv(folder / "y.csv", index=False)
    write_hub(folder / "y.parquet", {"id": range(len(names)), "label": names})
    one, two = read(folder / "y.csv"), read(folder / "y.parquet")
    assert one.names == two.names and (one.numbers == two.numbers).all()
    assert [one.shown(row) for row in range(len(names))] == names


def test_class_label_names_of_the_schema(tmp_path):
    path = write_hub(tmp_path / "x.parquet", {"label": [2, 0, 1, 2]}, names=["crane", "ant", "crane"])
    labels = read(path)
    assert labels.numbers.tolist() == [2, 0, 1, 2] and not labels.text
    assert labels.names == ("crane (0)", "ant", "crane (2)")  # ImageNet has such pairs


def test_some_rows_keep_only_their_names():
    labels = read(np.array(NAMES))[np.array([True, False, True, False])]
    assert labels.names == ("dog",) and labels.numbers.tolist() == [0, 0]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "is empty, 0 bytes"),
        ("\n\n", "is empty: expected a label"),
        ("label\n", "is empty: expected a label"),
        ("label\ncat\n \ndog\n", r"row 1 \(from 0\) is empty"),
        ("a,b\n1,2\n", r"has no column 'labels': it has a, b; 2 of them fit \(a, b\): choose one$"),
        ("1,2\n3,4\n", "first line '1,2' is no header"),
        ("a,label\nx,1\ny\n", r"row 1 \(from 0\) has 1 cells, the header 2"),
        ("70000\n1\n", r"row 0 \(from 0\) is 70000, expected class numbers 0 to 65535"),
        (b"\xff\xfe\x00c", "no text of UTF-8"),
        ("label,x\n" + "\n".join(f"img{n},1" for n in range(65_537)), "65537 different names.*are they ids"),
    ],
)
def test_a_csv_that_cannot_be_used(tmp_path, text, message):
    with pytest.raises(BadInput, match=message) as caught:
        read(csv(tmp_path, text))
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("columns", "names", "message"),
    [
        ({"label": [0, 3]}, ["a", "b"], r"row 1 \(from 0\) is 3, the schema names 2 classes"),
        ({"label": [0, -1]}, ["a", "b"], r"row 1 \(from 0\) is -1"),  # ClassLabel's own mark of no label
        ({"label": ["a", None]}, None, r"row 1 \(from 0\) is empty"),
        ({"label": [0, None]}, None, r"row 1 \(from 0\) is empty"),
        ({"fine": [0, 1], "coarse": [0, 1]}, None, r"2 of them fit \(fine, coarse\): choose one$"),
        ({"label": [[1.0], [2.0]]}, None, r"shape \(2, 1\): expected \(N,\).*swapped"),
    ],
)
def test_a_parquet_that_cannot_be_used(tmp_path, columns, names, message):
    with pytest.raises(BadInput, match=message):
        read(write_hub(tmp_path / "x.parquet", columns, names))


def test_a_csv_without_the_column_asked_for(tmp_path):
    with pytest.raises(BadInput, match="no column 'fine': it has id, label; name one of those"):
        read(csv(tmp_path, "id,label\n1,2\n"), "fine")
    with pytest.raises(BadInput, match="no column 'fine': its first line is 'cat'"):
        read(csv(tmp_path, "cat\ndog\n"), "fine")
