import torch

from core.encoders.augment import augment


def _numbered(count=40, size=6):
    return torch.arange(count * 3 * size * size, dtype=torch.float32).reshape(count, 3, size, size)


def test_without_shift_an_image_is_itself_or_its_mirror_image():
    images = _numbered()
    result = augment(images, 0, torch.Generator().manual_seed(0))
    same = (result == images).flatten(1).all(1)
    mirrored = (result == images.flip(3)).flatten(1).all(1)
    assert (same ^ mirrored).all()
    assert 5 < same.sum() < 35


def test_a_shifted_image_keeps_its_interior():
    images = _numbered(size=8)
    result = augment(images, 2, torch.Generator().manual_seed(1))
    padded = torch.nn.functional.pad(images, (2,) * 4, mode="reflect")
    for i in range(len(images)):
        views = [
            source[:, row : row + 8, column : column + 8]
            for source in (padded[i], padded[i].flip(2))
            for row in range(5)
            for column in range(5)
        ]
        assert any(torch.equal(result[i], view) for view in views)


def test_the_same_generator_gives_the_same_batch():
    images = _numbered()
    first = augment(images, 2, torch.Generator().manual_seed(7))
    assert torch.equal(first, augment(images, 2, torch.Generator().manual_seed(7)))
    assert not torch.equal(first, augment(images, 2, torch.Generator().manual_seed(8)))
