"""What the hotline says beside the flows, as the flows want it said.

A text of `media.texts` that the flow set has a shared prompt for (`one_moment`, `ears_busy`, ...) is said in the words
of that prompt, so that a utility changes and records it as it does all its prompts.
"""

from __future__ import annotations

from ivr.flow_store import FlowStore, NoSuchRevision
from ivr.outputs import Say, Segment
from media import texts


class OwnWords:
    """`flows`: the prompts of what is current are used, whatever revision a call is on."""

    def __init__(self, flows: FlowStore) -> None:
        self._flows = flows

    def say(self, code: str, language: str) -> Say:
        """`code` is a key of `media.texts`."""
        try:
            flows = self._flows.last_known
        except NoSuchRevision:
            return texts.say(code, language)
        template = flows.prompts.get(code, {}).get(language)
        if template is None or not template.fixed:
            return texts.say(code, language)
        return Say((Segment(template.source, language, code),))
