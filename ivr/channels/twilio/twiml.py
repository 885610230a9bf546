"""Outputs of a turn -> TwiML. Pure: the same outputs and addresses always give the same document.

What Twilio cannot express, and what is done instead:

- `<Gather>` has one `timeout` for the first key and for those that follow. It is given the longer of the two, so that
  nobody is cut short; an entry that may be extended is therefore taken a little later than elsewhere.
- It does not say whether the terminator or the timeout ended an entry, and a terminator before any key is ignored.
- Speech that was heard and not understood is not told from silence.
- Keys are dropped while a prompt is spoken that must be heard to its end (outside `<Gather>`).
- Times are whole seconds: they are rounded up.
- An empty recording makes `<Record>` fall through instead of asking its action: a `<Redirect>` follows it.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Sequence
from xml.etree import ElementTree

from ivr.channels.twilio.urls import Urls
from ivr.outputs import Gather, Hangup, Output, Record, Say, Segment, Transfer

Playable = Callable[[Segment], str | None]  # address of a recording that is played in place of the text

# Twilio's names: https://www.twilio.com/docs/voice/twiml/say/text-speech, .../gather#languages
VOICES = {
    "zh-CN": ("Polly.Zhiyu", "cmn-CN"),
    "en": ("Polly.Joanna", "en-US"),
    "en-US": ("Polly.Joanna", "en-US"),
    "en-GB": ("Polly.Amy", "en-GB"),
}
RECOGNISERS = {"zh-CN": "cmn-Hans-CN", "zh-TW": "cmn-Hant-TW", "zh-HK": "yue-Hant-HK", "en": "en-US"}
MAX_HINTS, MAX_HINT_CHARACTERS = 500, 100
MAX_SAY_CHARACTERS = 4000  # Twilio refuses documents with more than 4096 in one <Say>
MAX_SPEECH_S = 60
_NOT_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_DECLARATION = '<?xml version="1.0" encoding="UTF-8"?>'


def nothing_recorded(_segment: Segment) -> str | None:
    return None


def render(
    outputs: Sequence[Output], *, call_id: str, turn: int, urls: Urls, playable: Playable = nothing_recorded
) -> str:
    """The document for answer number `turn` of a call. Raises ValueError when the outputs do not end in a wait."""
    response = ElementTree.Element("Response")
    spoken = [output for output in outputs if isinstance(output, Say)]
    wait = outputs[-1] if outputs else None
    match wait:
        case Gather():
            _gather(response, wait, spoken, urls.turn(call_id, turn), playable)
        case Record():
            _say_all(response, spoken, playable)
            empty = urls.turn(call_id, turn, empty="1")
            _record(response, wait, urls.turn(call_id, turn), empty, urls.status(call_id, turn))
        case Transfer():
            _say_all(response, spoken, playable)
            _dial(response, wait.to, wait.timeout_s, urls.turn(call_id, turn))
        case Hangup():
            _say_all(response, spoken, playable)
            ElementTree.SubElement(response, "Hangup")
        case _:
            raise ValueError(f"a turn must end in a wait or the end of the call, not in {wait!r}")
    return _document(response)


def apology(
    text: str, language: str, *, retry_url: str | None = None, pause_s: int = 2, transfer_to: str | None = None
) -> str:
    """What the caller hears when we cannot answer: sorry, then once more, or a person, or the end."""
    response = ElementTree.Element("Response")
    _say(response, [Segment(text, language)], nothing_recorded)
    if retry_url:
        ElementTree.SubElement(response, "Pause", {"length": str(pause_s)})
        ElementTree.SubElement(response, "Redirect", {"method": "POST"}).text = retry_url
    elif transfer_to:
        _dial(response, transfer_to, 30.0, None)
    if not retry_url:
        ElementTree.SubElement(response, "Hangup")
    return _document(response)


def _gather(parent: ElementTree.Element, wait: Gather, spoken: list[Say], action: str, playable: Playable) -> None:
    # A prompt that must be heard to its end, and all before it, cannot stand inside <Gather>, where a key stops it.
    held = len(spoken) if not wait.barge_in else _last_held(spoken)
    _say_all(parent, spoken[:held], playable)
    ways = [way for way, wanted in (("dtmf", wait.keys), ("speech", wait.speech)) if wanted]
    timeout_s = wait.first_input_s
    attributes = {"input": " ".join(ways) or "dtmf", "action": action, "method": "POST", "actionOnEmptyResult": "true"}
    if wait.keys:
        attributes |= {"numDigits": str(wait.keys.max_digits), "finishOnKey": wait.keys.terminator}
        if wait.keys.max_digits > 1:
            timeout_s = max(timeout_s, wait.keys.inter_digit_s)
    attributes |= {"timeout": _seconds(timeout_s), "bargeIn": "true" if wait.barge_in else "false"}
    if wait.speech:
        attributes |= {
            "language": RECOGNISERS.get(wait.language, wait.language),
            "speechTimeout": _seconds(wait.speech.end_silence_s),
            "maxSpeechTime": _seconds(min(wait.speech.max_s, MAX_SPEECH_S)),
        }
        if hints := _hints(wait.speech.phrases):
            attributes["hints"] = hints
    gather = ElementTree.SubElement(parent, "Gather", _clean(attributes))
    _say_all(gather, spoken[held:], playable)


def _last_held(spoken: list[Say]) -> int:
    return max((place for place, say in enumerate(spoken, start=1) if not say.barge_in), default=0)


def _record(parent: ElementTree.Element, wait: Record, action: str, empty: str, status: str) -> None:
    attributes = {
        "action": action,
        "method": "POST",
        "maxLength": _seconds(wait.max_s),
        "timeout": _seconds(wait.end_silence_s),
        "finishOnKey": wait.terminator,
        "playBeep": "true" if wait.beep else "false",
        "recordingStatusCallback": status,
        "recordingStatusCallbackMethod": "POST",
        "recordingStatusCallbackEvent": "completed absent",
    }
    ElementTree.SubElement(parent, "Record", _clean(attributes))
    ElementTree.SubElement(parent, "Redirect", {"method": "POST"}).text = empty


def _dial(parent: ElementTree.Element, to: str, timeout_s: float, action: str | None) -> None:
    attributes = {"timeout": _seconds(timeout_s)} | ({"action": action, "method": "POST"} if action else {})
    dial = ElementTree.SubElement(parent, "Dial", _clean(attributes))
    ElementTree.SubElement(dial, "Sip" if to.startswith(("sip:", "sips:")) else "Number").text = _text(to)


def _say_all(parent: ElementTree.Element, spoken: Sequence[Say], playable: Playable) -> None:
    _say(parent, [segment for say in spoken for segment in say.segments], playable)


def _say(parent: ElementTree.Element, segments: Sequence[Segment], playable: Playable) -> None:
    """Neighbours in one language become one `<Say>`, which sounds less chopped."""
    language, texts = "", list[str]()

    def flush() -> None:
        said = " ".join(texts)
        for start in range(0, len(said), MAX_SAY_CHARACTERS):
            voice, tag = VOICES.get(language, ("", language))
            attributes = {"voice": voice, "language": tag} if voice else {"language": tag}
            element = ElementTree.SubElement(parent, "Say", _clean(attributes))
            element.text = said[start : start + MAX_SAY_CHARACTERS]
        texts.clear()

    for segment in segments:
        url = playable(segment)
        if url or segment.language != language:
            flush()
            language = segment.language
        if url:
            ElementTree.SubElement(parent, "Play").text = _text(url)
        elif text := _text(segment.text).strip():
            texts.append(text)
    flush()


def _hints(phrases: Sequence[str]) -> str:
    """Comma-separated, at most 500 of at most 100 characters; a comma inside one would make it two."""
    hints = dict.fromkeys(" ".join(phrase.replace(",", " ").split()) for phrase in phrases)
    return ", ".join([hint for hint in hints if 0 < len(hint) <= MAX_HINT_CHARACTERS][:MAX_HINTS])


def _seconds(seconds: float) -> str:
    return str(max(1, math.ceil(seconds)))


def _text(text: str) -> str:
    """Without what no XML document may hold (most control characters, halves of surrogate pairs)."""
    return _NOT_XML.sub(" ", text)


def _clean(attributes: dict[str, str]) -> dict[str, str]:
    return {name: _text(value) for name, value in attributes.items()}


def _document(response: ElementTree.Element) -> str:
    return _DECLARATION + ElementTree.tostring(response, encoding="unicode")
