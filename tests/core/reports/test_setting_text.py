from __future__ import annotations

import json

from core.bundle.bundle import SHIPPED, load_bundle
from core.engine.engine import Engine
from core.reports.setting_text import command_words, settings_json, url_parameters, url_query
from core.settings import Setting

SETTING = Setting("semantic", "itq", 8, "3", "test-vs-test", "wordnet")
MANY = Setting("semantic", "itq", 8, "3", "test-vs-test", "wordnet", 4, 10, "leave-out")


def test_the_url_of_a_setting():
    assert url_query(SETTING, 5, "ap", "ahp") == (
        "?encoder=semantic&hash=itq&bits=8&multiplier=3&k=5&protocol=test-vs-test&hierarchy=wordnet&map=ap&mahp=ahp"
    )
    assert url_parameters(MANY, 5, "ap", "ahp")["leave_out"] == "true"


def test_the_command_says_what_is_not_usual(tiny_bundle):
    options = "--encoder semantic --hash itq --bits 8 --multiplier 3 --protocol test-vs-test --hierarchy wordnet"
    words = command_words(tiny_bundle, SETTING, "export metrics")
    assert " ".join(words) == f"python -m core export metrics --bundle {tiny_bundle.path} {options}"
    assert " ".join(command_words(tiny_bundle, MANY)).endswith(" --near-duplicates leave-out --queries 10 --seed 4")
    assert "--bundle" not in command_words(load_bundle(SHIPPED), SETTING)


def test_settings_as_json(tiny_bundle):
    told = json.loads(settings_json(Engine(tiny_bundle, 1), SETTING, 5, "ap", "ahp", "a command"))
    assert told["setting"]["multiplier"] == "3" and told["setting"]["k"] == 5
    assert (told["shortlist"], told["queries"], told["gallery"], told["dimensions"]) == (15, 60, 59, 16)
    assert told["bundle"]["version"] == tiny_bundle.version and told["command"] == "a command"
