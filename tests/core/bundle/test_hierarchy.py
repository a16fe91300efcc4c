from __future__ import annotations

from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from core.bundle import hierarchy
from core.datasets.cifar100 import CIFAR_100, class_tree
from core.errors import BadInput

# root -> animal -> {cat, dog, bird -> {owl}}, root -> rock: heights owl 0, bird 1, animal 2, root 3
TREE = "root animal\nroot rock\nanimal cat\nanimal dog\nanimal bird\nbird owl\n"
NAMES = ("cat", "dog", "owl", "rock")


@pytest.fixture(scope="module")
def class_names():
    """The names of CIFAR-100's classes, in label order: the leaves of its superclass tree, which is sorted."""
    path = Path(hierarchy.__file__).parents[1] / "datasets" / "trees" / "cifar100-superclass.txt"
    pairs = [line.split() for line in path.read_text().splitlines() if line and not line.startswith("#")]
    inner = {parent for parent, _ in pairs}
    return tuple(sorted(child for _, child in pairs if child not in inner))


def test_heights_and_similarities_by_hand():
    tree = hierarchy.parse(TREE, NAMES, "small")
    assert tree.heights() == {"root": 3, "animal": 2, "bird": 1, "cat": 0, "dog": 0, "owl": 0, "rock": 0}
    third = 1 - 2 / 3
    expected = [[1, third, third, 0], [third, 1, third, 0], [third, third, 1, 0], [0, 0, 0, 1]]
    np.testing.assert_allclose(tree.similarity(), expected, rtol=0, atol=1e-15)


def test_the_order_is_that_of_the_class_names():
    tree = hierarchy.parse(TREE, ("rock", "owl", "cat", "dog"), "small")
    assert tree.class_names == ("rock", "owl", "cat", "dog")
    assert tree.similarity()[0].tolist() == [1, 0, 0, 0]


def test_comments_blank_lines_and_spacing_are_left_out():
    text = "# from somewhere\n\n" + TREE.replace(" ", "\t  ") + "\n  # end\n"
    assert hierarchy.parse(text, NAMES, "small").parents == hierarchy.parse(TREE, NAMES, "small").parents


def test_leaves_may_be_class_numbers():
    numbered = TREE.replace("cat", "0").replace("dog", "1").replace("owl", "2").replace("rock", "3")
    tree = hierarchy.parse(numbered, NAMES, "small")
    assert (tree.similarity() == hierarchy.parse(TREE, NAMES, "small").similarity()).all()


def test_class_vectors_have_the_similarities_as_inner_products():
    tree = hierarchy.parse(TREE, NAMES, "small")
    vectors = tree.class_vectors()
    np.testing.assert_allclose(vectors @ vectors.T, tree.similarity(), atol=1e-12)
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-12)


def test_flat_is_one_or_zero():
    assert (hierarchy.flat(["a", "b", "c"]).similarity() == np.eye(3)).all()
    assert hierarchy.flat(["only"]).similarity().tolist() == [[1]]
    assert (hierarchy.flat(["flat root", " root", "root"]).similarity() == np.eye(3)).all()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "holds no 'parent child' pair"),
        ("# nothing\n\n", "holds no 'parent child' pair"),
        ("root\n", "line 1: 'root' is not one 'parent child' pair"),
        ("root animal\nroot big rock\n", "line 2: 'root big rock' is not one"),
        (TREE + "root cat\n", "line 7: 'cat' has two parents, 'animal' and 'root'"),
        (TREE + "root animal\n", "'animal' has two parents"),
        ("owl owl\n", "has a cycle through 'owl'"),
        (TREE + "a b\nb a\n", "has a cycle through"),
        ("owl root\n" + TREE, "has a cycle through"),
        (TREE + "other thing\n", r"has 2 roots \(other, root\)"),
        (TREE.replace("bird owl\n", ""), "no leaf for the class 'owl'"),
        (TREE + "cat kitten\n", "no leaf for the class 'cat'"),
        (TREE + "rock-solid x\nroot rock-solid\n", "the leaf 'x' that is no class"),
    ],
)
def test_every_bad_tree_is_named(text, message):
    with pytest.raises(BadInput, match=message):
        hierarchy.parse(text, NAMES, "small")


def test_a_tree_file_that_cannot_be_read(tmp_path):
    with pytest.raises(BadInput, match="cannot read the tree"):
        hierarchy.read(tmp_path / "gone.txt", NAMES, "small")
    with pytest.raises(BadInput, match="cannot read the tree"):
        hierarchy.read(tmp_path, NAMES, "small")
    (tmp_path / "tree.txt").write_bytes(b"root \xff\n")
    with pytest.raises(BadInput, match="cannot read the tree"):
        hierarchy.read(tmp_path / "tree.txt", NAMES, "small")
    (tmp_path / "tree.txt").write_text(TREE + "x\n")
    with pytest.raises(BadInput, match=r"tree.txt', line 7"):
        hierarchy.read(tmp_path / "tree.txt", NAMES, "small")


def test_similarities_that_no_vectors_have_are_refused():
    class Broken(hierarchy.Hierarchy):
        def similarity(self):
            return np.array([[1.0, 2.0], [2.0, 1.0]])

    with pytest.raises(BadInput, match="not positive definite"):
        Broken("x", {"a": "r", "b": "r"}, ("a", "b")).class_vectors()


def off_diagonal(similarity):
    return Counter(similarity[~np.eye(len(similarity), dtype=bool)].tolist())


def test_the_shipped_wordnet_tree(class_names):
    tree = class_tree("wordnet", class_names)
    heights = tree.heights()
    assert len(heights) == 163
    assert max(heights.values()) == 8
    similarity = tree.similarity()
    # ordered pairs at each multiple of 1/8, as measured on the tree behind the published mAHP
    assert off_diagonal(similarity) == {
        0.0: 5338, 0.125: 1100, 0.25: 450, 0.375: 1432, 0.5: 790, 0.625: 422, 0.75: 230, 0.875: 138,
    }  # fmt: skip
    assert (similarity == similarity.T).all()
    assert np.linalg.eigvalsh(similarity)[0] == pytest.approx(0.125, abs=1e-9)
    vectors = tree.class_vectors()
    np.testing.assert_allclose(vectors @ vectors.T, similarity, atol=1e-12)


def test_the_shipped_superclass_tree(class_names):
    tree = class_tree("superclass", class_names)
    assert len(tree.heights()) == 121
    assert off_diagonal(tree.similarity()) == {0.5: 400, 0.0: 9500}  # 20 superclasses of 5 classes


def test_an_unknown_shipped_tree():
    with pytest.raises(BadInput, match="cannot read the tree"):
        class_tree("word-net", NAMES)


def test_the_shipped_wordnet_tree_is_the_published_one(cifar_root):
    folder = cifar_root / "cifar100-hierarchy"
    if not (folder / "cifar.parent-child.txt").is_file():
        pytest.skip("needs cifar100-hierarchy/ of semantic-embeddings in $CIFAR_ROOT")
    fine, _ = CIFAR_100.read_names(cifar_root)
    lines = (folder / "class_names.txt").read_text().splitlines()
    name_of = dict(line.split() for line in lines)
    assert [name_of[str(label)] for label in range(100)] == fine  # a leaf's number is the class label
    published = hierarchy.read(folder / "cifar.parent-child.txt", fine, "published")
    shipped = class_tree("wordnet", fine)
    assert {
        name_of.get(child, child): name_of[parent] for child, parent in published.parents.items()
    } == shipped.parents
    assert (published.similarity() == shipped.similarity()).all()
