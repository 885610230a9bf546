"""The words around a value: a prompt as a pattern, so that texts can be compared whose values are not the same."""

from __future__ import annotations

import re
from collections.abc import Iterator

from ivr.flow import Escalation, FlowSet
from ivr.loading.shared import CONFIRMING
from ivr.prompts import Template

_ESCALATIONS = ("no_input", "no_match", "help", "invalid")


def wording(flows: FlowSet, at: str, language: str, text: str) -> re.Pattern[str] | None:
    """The prompt that `text` was made of at node `at` (flow/node), with any words where it has values."""
    for template in _templates(flows, at, language):
        pattern = _pattern(template)
        if pattern.fullmatch(text):
            return pattern
    return None


def _templates(flows: FlowSet, at: str, language: str) -> Iterator[Template]:
    name, _, node_name = at.partition("/")
    flow = flows.flows[name]
    node = flow.nodes[node_name]
    uses = list(getattr(node, "prompts", ()))
    for one in _ESCALATIONS:
        escalation = getattr(node, one, None)
        uses += escalation.prompts if isinstance(escalation, Escalation) else ()
    yield from (flows.texts(flow, use.id)[language] for use in uses)
    yield from (flows.prompts[prompt][language] for prompt in CONFIRMING if prompt in flows.prompts)


def _pattern(template: Template) -> re.Pattern[str]:
    parts = (re.escape(part) if isinstance(part, str) else ".*" for part in template.parts)
    return re.compile("".join(parts), re.DOTALL)
