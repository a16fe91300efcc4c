from __future__ import annotations

import pytest

from core.errors import BadInput
from core.reports import pins
from core.reports.pins import Pin
from core.settings import Setting

ITQ = Pin("semantic", "itq", 16, "2")
PLANES = Pin("semantic", "random-hyperplane", 64, "1.25")


def test_a_pin_and_its_text_are_one(tiny_bundle):
    text = pins.to_text([ITQ, PLANES, Pin("semantic", "itq", 8, "all")], tiny_bundle)
    assert text == "itq-16-2;random-hyperplane-64-1.25;itq-8-all"
    assert pins.parse(text, tiny_bundle) == ([ITQ, PLANES, Pin("semantic", "itq", 8, "all")], [])


def test_the_encoder_may_be_named(tiny_bundle):
    assert pins.parse_one("semantic:itq-16-2", tiny_bundle) == ITQ
    assert Pin("other", "itq", 16, "2").text(tiny_bundle) == "other:itq-16-2"


def test_multiplier_and_length_take_their_one_form(tiny_bundle):
    assert pins.parse_one("itq-16-2.00", tiny_bundle) == ITQ
    assert pins.parse_one("predicted-class-64-2", tiny_bundle).bits == 4  # ten classes
    assert pins.parse_one("latent-sigmoid-8-2", tiny_bundle).bits == 16


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("itq", "its text is none such as"),
        ("itq-16", "its text is none such as"),
        ("itq-16-2-3-", "its text is none such as"),
        ("itq-16-nan", "its text is none such as"),
        ("itq-٣٢-2", "its text is none such as"),
        ("![x](http://example.org)", "its text is none such as"),
        ("itq-16-" + "9" * 5000, "its text is none such as"),
        ("itg-16-2", "unknown hash 'itg'.*did you mean 'itq'"),
        ("itq-17-2", "bits 17 is not a length"),
        ("itq-96-2", "bits 96 is not a length"),  # 16 dimensions
        ("imported-16-2", "has no codes"),
        ("itq-16-0.5", "multiplier 0.5 is outside 1 to 20"),
        ("itq-16-21", "multiplier 21 is outside"),
        ("itq-16-1.2.3", "is no number"),
        ("nobody:itq-16-2", "unknown encoder 'nobody'"),
    ],
)
def test_what_is_no_pin_is_refused(tiny_bundle, text, words):
    with pytest.raises(BadInput, match=words):
        pins.parse_one(text, tiny_bundle)


def test_bad_pins_are_dropped_with_a_note_and_the_rest_stays(tiny_bundle):
    kept, notes = pins.parse("itq-16-2;nonsense;itq-17-2;;random-hyperplane-64-1.25;itq-16-2", tiny_bundle)
    assert kept == [ITQ, PLANES]
    assert len(notes) == 2
    assert all("dropped" in note for note in notes)


def test_a_link_shows_the_first_four(tiny_bundle):
    kept, notes = pins.parse(";".join(f"random-hyperplane-{8 * n}-2" for n in range(1, 8)), tiny_bundle)
    assert [pin.bits for pin in kept] == [8, 16, 24, 32]
    assert notes == ["The link pins more than 4 settings: the first 4 are shown."]


def test_a_pin_follows_protocol_and_hierarchy(tiny_bundle):
    base = Setting("semantic", "latent-sigmoid", 16, "3", "test-vs-train", "superclass")
    assert PLANES.setting(base) == Setting("semantic", "random-hyperplane", 64, "1.25", "test-vs-train", "superclass")
    assert Pin.of(Setting("semantic", "latent-sigmoid", 48, "3.0", "test-vs-train", "wordnet"), tiny_bundle) == Pin(
        "semantic", "latent-sigmoid", 16, "3"
    )


def test_label(tiny_bundle):
    assert ITQ.label(tiny_bundle) == "ITQ 16 bit ×2"
