from __future__ import annotations

from core.studies.buckets.published import DIFFERENCES, PUBLISHED


def test_the_readme_gives_its_second_method_alone():
    (cifar,) = [row for row in PUBLISHED if row.data == "CIFAR-100"]
    assert cifar.method == "Neural LSH (Method 2)"
    assert [round(v, 4) for v in (cifar.map_found, cifar.precision_10, cifar.precision_50)] == [0.7592, 0.8425, 0.7205]
    assert all("ImageNet-1k" in row.source for row in PUBLISHED if row.data == "not stated")


def test_figures_are_shares_and_differences_sentences():
    assert all(0 < v < 1 for row in PUBLISHED for v in (row.map_found, row.precision_10, row.precision_50))
    assert all(line.endswith(".") and line[0].isalpha() for line in DIFFERENCES)
