"""What keeps flows from being loaded at all, as findings with a code."""

from __future__ import annotations

import re
from collections.abc import Iterable

from ivr.checking.catalogue import CODES
from ivr.checking.finding import Finding, Severity
from ivr.yaml_source import FlowFault

OTHER = "flow-fault"
# The first that fits says the code; the loader's own words say the rest.
_CODES = [
    (re.compile(pattern), code)
    for pattern, code in (
        (r"this is not YAML|the file is empty|a flow begins with|is missing or empty|begins with '", "not-a-flow"),
        (r"comes first everywhere\.|answers yes or no when", "first-key-taken"),
        (r"a second time|already taken|is already (?:in|that of)|has hours already|overlaps", "twice"),
        (r"there is no text in|the text in \S+ is empty|there are no \w+ in", "text-missing"),
        (r"outcome '[^']*' of the (?:service|transfer) leads nowhere", "outcome-unmapped"),
        (r"has no outcome|does not end as", "unknown-outcome"),
        (r"there is no node|has no node", "unknown-node"),
        (r"there is no flow|cannot stand in for itself", "unknown-flow"),
        (r"there is no prompt", "unknown-prompt"),
        (r"there is no variable|a shared prompt knows no", "unknown-variable"),
        (r"there is no service", "unknown-service"),
        (r"there is no intent", "unknown-intent"),
        (r"there is no calendar", "unknown-calendar"),
        (r"is no language of this hotline", "unknown-language"),
        (r"(?:takes|gives) no '|needs '", "argument-mismatch"),
        (r"but what is written is", "value-type"),
        (r"cannot be read|calls something that is no function|which conditions do not have|is no way to say|"
         r"brace without its partner|open\(\) takes|must be a condition", "expression-unreadable"),
        (r"'[^']*' is missing\.|has no kind|is of one kind|there is no 'else'|'else' must be|nobody can choose it|"
         r"a branch has|has 'key', 'phrases'|has a kind and more|say where that is|"
         r"leads to a flow|it has either", "incomplete"),
        (r" has no key '", "unknown-key"),
        (r" is '|must be|is no type|cannot be pressed|is built in|is no name|is nothing a caller|is no date|no weekday|"
         r"is no country|are no hours|no clock shows|is no time|cannot end it|ends when it begins|runs backward|"
         r"is no way to make|has a text for each|a key must be|can be '#'|to ask back with", "bad-value"),
    )
]  # fmt: skip


def code_of(message: str) -> str:
    return next((code for pattern, code in _CODES if pattern.search(message)), OTHER)


def from_faults(faults: Iterable[FlowFault]) -> list[Finding]:
    return [
        Finding(code, Severity.ERROR, fault.place, fault.message, fault.hint or CODES[code].mend)
        for fault in faults
        for code in [code_of(fault.message)]
    ]
