"""What docs/flows.md shows is what the loader reads, and the page of services lists what there is."""

from __future__ import annotations

import re

import pytest

import app
from commands.flow_services import reference
from ivr.calendars import read_calendars
from ivr.flow import KINDS
from ivr.loading.flows import read_flow
from ivr.loading.intents import read_intents
from ivr.loading.kinds import READERS
from ivr.loading.nodes import NodeReader
from ivr.loading.uses import Surroundings, Uses
from ivr.yaml_source import Faults, Mapping, Value, read
from settings import ROOT, Settings

PAGE = (ROOT / "docs" / "flows.md").read_text(encoding="utf-8")
EXAMPLES = [block for block in re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL) if "{...}" not in block]
LANGUAGES = ("en", "zh-CN")


def tree_of(example: str) -> Value:
    faults = Faults()
    tree = read("flows.md", example, faults)
    assert not faults.found, example
    assert tree is not None
    return tree


@pytest.mark.parametrize("example", EXAMPLES)
def test_every_example_can_be_read(example: str, settings: Settings) -> None:
    tree, faults = tree_of(example), Faults()
    assert isinstance(tree, Mapping)
    around = Surroundings(LANGUAGES, app.signatures(settings), confirms_values=True, confirms_options=True)
    if "flow" in tree:
        read_flow(tree, around, {}, faults)
    elif "calendars" in tree:
        read_calendars(tree, faults)
    elif "intents" in tree:
        read_intents(tree, LANGUAGES, faults)
    else:
        for entry in tree:
            counters = entry.key in ("no_input", "no_match")
            if isinstance(entry.value, Mapping) and entry.value.entries.keys() & KINDS.keys() and not counters:
                NodeReader(entry.key, entry.value, around, Uses(), faults).read(READERS)
    # A fragment does not show everything.
    unsaid = ("'next' is missing", "'options' is missing")
    assert [str(fault) for fault in faults.found if not any(part in fault.message for part in unsaid)] == []


def test_there_is_an_example_of_every_kind_of_node() -> None:
    shown = {key for example in EXAMPLES for key in re.findall(r"^ {4}(\w+):", example, re.MULTILINE)}
    assert KINDS.keys() - shown == {"hangup", "return"} - shown
    assert "`hangup: goodbye`" in PAGE
    assert "`return: " in PAGE


def test_the_page_of_services_is_in_step_with_them(settings: Settings) -> None:
    page = (ROOT / "docs" / "flow-services.md").read_text(encoding="utf-8")
    assert page == reference(app.registry(settings)), "run `./run hotline flow services --write docs/flow-services.md`"
