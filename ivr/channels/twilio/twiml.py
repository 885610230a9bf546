"""Outputs of a turn -> TwiML. Pure: the same outputs and addresses always give the same document.

What Twilio cannot express, and what is done instead:

- `<Gather>` has one `timeout` for the first key and for those that follow. It is given the longer of the two, so that
  nobody is cut short; an entry that may be extended is therefore taken a little later than elsewhere.
- It does not say whether the terminator or the timeout ended an entry, and a terminator before any key is ignored.
- It knows no commands within an entry: `*7` where ten digits are asked for is taken when the timeout is over, and not
  before. Where a single key is asked for, `*` is that key.
- Speech that was heard and not understood is not told from silence.
- Keys are dropped while a prompt is spoken that must be heard to its end (outside `<Gather>`).
- Times are whole seconds: they are rounded up.
- A key that ends a message is told with it: the message is kept, and the key obeyed.
- An empty recording makes `<Record>` fall through instead of asking its action: a `<Redirect>` follows it.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache

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
MAX_SAY_CHARACTERS = 1000  # 3,000 bytes of Mandarin, what one <Say> of a Polly voice takes (warning 13521)
MAX_SPEECH_S = 60
_NOT_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_DECLARATION = '<?xml version="1.0" encoding="UTF-8"?>'
_NONE: Mapping[str, str] = {}
_ESCAPES = str.maketrans(
    {"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "\r": "&#13;", "\n": "&#10;", "\t": "&#9;"}
)


def nothing_recorded(_segment: Segment) -> str | None:
    return None


def render(
    outputs: Sequence[Output], *, call_id: str, turn: int, urls: Urls, playable: Playable = nothing_recorded
) -> str:
    """The document for answer number `turn` of a call. Raises ValueError when the outputs do not end in a wait."""
    spoken = [output for output in outputs if isinstance(output, Say)]
    wait = outputs[-1] if outputs else None
    match wait:
        case Gather():
            return document(_gather(wait, spoken, urls.turn(call_id, turn), playable))
        case Record():
            empty = urls.turn(call_id, turn, empty="1")
            record = _record(wait, urls.turn(call_id, turn), empty, urls.status(call_id, turn))
            return document(_say_all(spoken, playable) + record)
        case Transfer():
            dial = _dial(wait.to, wait.timeout_s, urls.turn(call_id, turn))
            return document(_say_all(spoken, playable) + dial)
        case Hangup():
            return document(_say_all(spoken, playable) + tag("Hangup"))
        case _:
            raise ValueError(f"a turn must end in a wait or the end of the call, not in {wait!r}")


def put_through(to: str, timeout_s: float, ended: str) -> str:
    """The caller is dialled to `to`; Twilio asks `ended` how that went."""
    return document(_dial(to, timeout_s, ended))


def apology(
    text: str, language: str, *, retry_url: str | None = None, pause_s: int = 2, transfer_to: str | None = None
) -> str:
    """What the caller hears when we cannot answer: sorry, then once more, or a person, or the end."""
    said = _say([Segment(text, language)], nothing_recorded)
    if retry_url:
        return document(said + tag("Pause", {"length": str(pause_s)}) + redirect(retry_url))
    return document(said + (_dial(transfer_to, 30.0, None) if transfer_to else "") + tag("Hangup"))


def _gather(wait: Gather, spoken: list[Say], action: str, playable: Playable) -> str:
    # A prompt that must be heard to its end, and all before it, cannot stand inside <Gather>, where a key stops it.
    held = len(spoken) if not wait.barge_in else _last_held(spoken)
    opening = f'<Gather action="{_text(action)}"{_listening(wait)}'
    inside = _say_all(spoken[held:], playable)
    return _say_all(spoken[:held], playable) + (f"{opening}>{inside}</Gather>" if inside else f"{opening}/>")


@lru_cache(maxsize=1000)
def _listening(wait: Gather) -> str:
    """The attributes that follow from the wait alone: the same for every caller who stands at it."""
    ways = [way for way, wanted in (("dtmf", wait.keys), ("speech", wait.speech)) if wanted]
    timeout_s = wait.first_input_s
    attributes = {"input": " ".join(ways) or "dtmf", "method": "POST", "actionOnEmptyResult": "true"}
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
    return _attributes(attributes)


def _last_held(spoken: list[Say]) -> int:
    return max((place for place, say in enumerate(spoken, start=1) if not say.barge_in), default=0)


def _record(wait: Record, action: str, empty: str, status: str) -> str:
    attributes = {
        "action": action,
        "method": "POST",
        "maxLength": _seconds(wait.max_s),
        "timeout": _seconds(wait.end_silence_s),
        "finishOnKey": wait.terminator + "".join(wait.commands),
        "playBeep": "true" if wait.beep else "false",
        "recordingStatusCallback": status,
        "recordingStatusCallbackMethod": "POST",
        "recordingStatusCallbackEvent": "completed absent",
    }
    return tag("Record", attributes) + redirect(empty)


def _dial(to: str, timeout_s: float, action: str | None) -> str:
    attributes = {"timeout": _seconds(timeout_s)} | ({"action": action, "method": "POST"} if action else {})
    return tag("Dial", attributes, tag("Sip" if to.startswith(("sip:", "sips:")) else "Number", {}, _text(to)))


def redirect(url: str) -> str:
    """Twilio goes on with what it gets at `url`."""
    return tag("Redirect", {"method": "POST"}, _text(url))


def _say_all(spoken: Sequence[Say], playable: Playable) -> str:
    return _say([segment for say in spoken for segment in say.segments], playable)


def _say(segments: Sequence[Segment], playable: Playable) -> str:
    """Neighbours in one language become one `<Say>`, which sounds less chopped."""
    verbs, language, texts = list[str](), "", list[str]()
    for segment in segments:
        url = playable(segment)
        if url or segment.language != language:
            verbs += _said(texts, language)
            language, texts = segment.language, []
        if url:
            verbs.append(tag("Play", {}, _text(url)))
        elif text := segment.text.strip():
            texts.append(text)
    return "".join([*verbs, *_said(texts, language)])


def _said(texts: list[str], language: str) -> list[str]:
    said = " ".join(texts)
    voice, spoken = VOICES.get(language, ("", language))
    attributes = {"voice": voice, "language": spoken} if voice else {"language": spoken}
    pieces = [said[start : start + MAX_SAY_CHARACTERS] for start in range(0, len(said), MAX_SAY_CHARACTERS)]
    return [tag("Say", attributes, _text(piece)) for piece in pieces]


def _hints(phrases: tuple[str, ...]) -> str:
    """Comma-separated, at most 500 of at most 100 characters; a comma inside one would make it two."""
    hints = dict.fromkeys(" ".join(phrase.replace(",", " ").split()) for phrase in phrases)
    return ", ".join([hint for hint in hints if 0 < len(hint) <= MAX_HINT_CHARACTERS][:MAX_HINTS])


def _seconds(seconds: float) -> str:
    return str(max(1, math.ceil(seconds)))


def _text(text: str) -> str:
    """Escaped, without what no XML document may hold (most control characters, halves of surrogate pairs)."""
    return _NOT_XML.sub(" ", text).translate(_ESCAPES)


def tag(name: str, attributes: Mapping[str, str] = _NONE, content: str = "") -> str:
    """`content` is XML already; attributes are not."""
    written = _attributes(attributes)
    return f"<{name}{written}>{content}</{name}>" if content else f"<{name}{written}/>"


def document(content: str) -> str:
    """`content`: the verbs, as XML."""
    return f"{_DECLARATION}<Response>{content}</Response>"


def _attributes(attributes: Mapping[str, str]) -> str:
    return "".join([f' {key}="{_text(value)}"' for key, value in attributes.items()])


HANG_UP = document(tag("Hangup"))
