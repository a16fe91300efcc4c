import torch

from core.encoders.augment import augment, cutmix


def _numbered(count=40, size=6):
    return torch.arange(count * 3 * size * size, dtype=torch.float32).reshape(count, 3, size, size)


def _generator(seed=0):
    return torch.Generator().manual_seed(seed)


def test_without_shift_an_image_is_itself_or_its_mirror_image_as_asked():
    images = _numbered()
    flipped = torch.arange(40) % 3 == 0
    result = augment(images, flipped, 0, 0, _generator())
    assert torch.equal(result[~flipped], images[~flipped])
    assert torch.equal(result[flipped], images[flipped].flip(3))


def test_a_shifted_image_keeps_its_interior():
    images = _numbered(size=8)
    flipped = torch.arange(40) % 2 == 0
    result = augment(images, flipped, 2, 0, _generator(1))
    padded = torch.nn.functional.pad(images, (2,) * 4, mode="reflect")
    places = set()
    for i in range(len(images)):
        for row in range(5):
            for column in range(5):
                view = padded[i, :, row : row + 8, column : column + 8]
                if torch.equal(result[i], view.flip(2) if flipped[i] else view):
                    places.add((row, column))
                    break
            else:
                continue
            break
        else:
            raise AssertionError(f"image {i} is no translation of itself")
    assert len(places) > 5


def test_cutout_blanks_one_square_to_the_mean():
    images = _numbered(size=8)
    result = augment(images, torch.zeros(40, dtype=torch.bool), 0, 4, _generator(2))
    blanked = (result == images.mean()).all(dim=1)
    assert torch.equal(result.permute(0, 2, 3, 1)[~blanked], images.permute(0, 2, 3, 1)[~blanked])
    for square in blanked:
        rows, columns = square.any(dim=1).sum(), square.any(dim=0).sum()
        assert 2 <= rows <= 4
        assert 2 <= columns <= 4
        assert square.sum() == rows * columns
    assert len({tuple(square.flatten().tolist()) for square in blanked}) > 10


def test_the_same_generator_gives_the_same_batch():
    images, flipped = _numbered(), torch.zeros(40, dtype=torch.bool)
    first = augment(images, flipped, 2, 3, _generator(7))
    assert torch.equal(first, augment(images, flipped, 2, 3, _generator(7)))
    assert not torch.equal(first, augment(images, flipped, 2, 3, _generator(8)))


def test_cutmix_takes_one_rectangle_of_the_next_image_and_says_how_much_is_left():
    images = _numbered(count=5, size=8)
    sizes = set()
    for seed in range(30):
        mixed, share = cutmix(images, _generator(seed))
        taken = (mixed != images).any(dim=1)
        assert torch.equal(taken, taken[:1].expand_as(taken))  # the same place in every image
        rows, columns = int(taken[0].any(dim=1).sum()), int(taken[0].any(dim=0).sum())
        assert int(taken[0].sum()) == rows * columns
        assert share == 1 - rows * columns / 64
        following = images[[1, 2, 3, 4, 0]]
        assert torch.equal(mixed, torch.where(taken[:, None], following, images))
        sizes.add((rows, columns))
    assert len(sizes) > 4
    assert torch.equal(images, _numbered(count=5, size=8))
