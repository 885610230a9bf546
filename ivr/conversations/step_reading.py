"""The `talk` of a conversation test: one step an item of the list."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from ivr.conversations.moments import moment, on_off
from ivr.conversations.steps import (
    ClockSet,
    Expect,
    HangUp,
    Hear,
    LeaveMessage,
    Press,
    Silence,
    Speak,
    Step,
    StormSet,
    TooLong,
    TransferEnds,
)
from ivr.flow import TRANSFER_OUTCOMES
from ivr.reading import Reader, suggestion
from ivr.values import Signature
from ivr.yaml_source import Faults, Place, Scalar, Sequence, Value
from ivr.yaml_source import Mapping as YamlMapping

VERDICTS = ("match", "no_match", "no_input", "help", "invalid", "confirm", "corrected")
WORDS: Mapping[str, Callable[[Place], Step]] = {"silence": Silence, "hang up": HangUp, "call too long": TooLong}
_KEYS = "0123456789*#"


def read_steps(value: Value, reader: Reader, faults: Faults, services: Mapping[str, Signature]) -> tuple[Step, ...]:
    if not isinstance(value, Sequence):
        reader.fault(value.place, "'talk' is a list: what the caller hears and does, in order.")
        return ()
    found: list[Step] = []
    for item in value.items:
        step = _read(item, reader, faults, services)
        if step is None:
            continue
        whole = isinstance(step, Hear) and step.whole is not None
        if whole and found and isinstance(found[-1], Hear) and found[-1].whole is not None:
            reader.fault(step.place, "the caller heard everything in the step before.", "Write one 'hear' with a list.")
        found.append(step)
    return tuple(found)


def _read(item: Value, reader: Reader, faults: Faults, services: Mapping[str, Signature]) -> Step | None:
    if isinstance(item, Scalar):
        if item.text in WORDS:
            return WORDS[item.text](item.place)
        if item.text == "ended":
            return Expect(item.place, ended="true")
        reader.fault(item.place, f"'{item.text}' is no step.", suggestion(item.text, (*WORDS, *_STEPS)))
        return None
    if not isinstance(item, YamlMapping):
        reader.fault(item.place, "a step is what the caller does or hears, not a list.")
        return None
    verbs = [entry.key for entry in item if entry.key in _STEPS]
    if len(verbs) != 1:
        names = [entry.key for entry in item]
        hint = suggestion(names[0], (*_STEPS, *WORDS)) if names and not verbs else "Make two steps of it."
        reader.fault(item.place, "a step is one of " + ", ".join((*_STEPS, *WORDS)) + ".", hint)
        return None
    inner = Reader(item, f"{reader.what}, '{verbs[0]}'", faults)
    step = _STEPS[verbs[0]](inner, services)
    inner.finish()
    return step


def _hear(reader: Reader, services: Mapping[str, Signature]) -> Step:
    value = reader.mapping.entries["hear"].value
    reader.entry("hear")
    if not isinstance(value, YamlMapping):
        pieces = reader.scalars(value, "'hear'")
        return Hear(value.place, " ".join(piece.text for piece in pieces))
    inner = Reader(value, reader.what, reader.faults)
    step = Hear(
        value.place,
        None,
        tuple(s.text for s in inner.texts("contains")),
        inner.text("starts", ""),
        inner.text("ends", ""),
        tuple(s.text for s in inner.texts("not")),
    )
    inner.finish()
    if step == Hear(value.place):
        inner.fault(value.place, "there is nothing to listen for.", "Write contains, starts, ends or not.")
    return step


def _press(reader: Reader, services: Mapping[str, Signature]) -> Step:
    keys = reader.text("press").replace(" ", "")
    place = reader.mapping.entries["press"].value.place
    if not keys or not set(keys) <= set(_KEYS):
        reader.fault(place, f"'{keys}' cannot be pressed; keys are 0 to 9, '*' and '#'.")
    return Press(place, keys)


def _say(reader: Reader, services: Mapping[str, Signature]) -> Step:
    place = reader.mapping.entries["say"].value.place
    return Speak(place, reader.text("say"), reader.number("confidence", 1.0, 0, 1))


def _record(reader: Reader, services: Mapping[str, Signature]) -> Step:
    text = reader.text("record")
    length_s = round(max(1.0, len(text) / 4), 1)  # about how long it takes to say
    place = reader.mapping.entries["record"].value.place
    return LeaveMessage(place, text, reader.number("seconds", length_s, 0.1, 600))


def _transfer_ends(reader: Reader, services: Mapping[str, Signature]) -> Step:
    status = reader.text("transfer ends")
    place = reader.mapping.entries["transfer ends"].value.place
    if status not in TRANSFER_OUTCOMES:
        reader.fault(place, f"a transfer does not end as '{status}'.", suggestion(status, TRANSFER_OUTCOMES))
    return TransferEnds(place, status)


def _at(reader: Reader, services: Mapping[str, Signature]) -> Step | None:
    at = moment(reader, "at")
    return None if at is None else ClockSet(reader.place, at)


def _storm(reader: Reader, services: Mapping[str, Signature]) -> Step:
    return StormSet(reader.place, on_off(reader, "storm"))


def _expect(reader: Reader, services: Mapping[str, Signature]) -> Step:
    value = reader.mapping.entries["expect"].value
    reader.entry("expect")
    if isinstance(value, Scalar) and value.text == "ended":
        return Expect(value.place, ended="true")
    if not isinstance(value, YamlMapping):
        reader.fault(value.place, "'expect' is 'ended', or has node, service, transfer or ended under it.")
        return Expect(value.place)
    inner = Reader(value, reader.what, reader.faults)

    def text(key: str) -> str | None:
        present = key in value
        found = inner.text(key, "")
        return found if present else None

    step = Expect(
        value.place,
        node=text("node"),
        passed=tuple(s.text for s in inner.texts("passed")),
        service=text("service"),
        inputs={name: scalar.text for name, scalar in inner.words("with").items()},
        outcome=text("outcome"),
        not_service=tuple(s.text for s in inner.texts("not_service")),
        transfer=text("transfer"),
        heard=text("heard"),
        option=text("option"),
        language=text("language"),
        ended=text("ended"),
    )
    inner.finish()
    _check(step, inner, value, services)
    return step


def _check(step: Expect, reader: Reader, value: YamlMapping, services: Mapping[str, Signature]) -> None:
    for key, names in (("service", [step.service] if step.service else []), ("not_service", step.not_service)):
        for name in names:
            if name not in services:
                place = value.entries[key].value.place
                reader.fault(place, f"there is no service '{name}'.", suggestion(name, services))
    if step.service is None and (step.inputs or step.outcome is not None):
        reader.fault(value.place, "'with' and 'outcome' are those of a 'service'.")
    service = services.get(step.service or "")
    for name in step.inputs.keys() - (service.inputs.keys() if service is not None else step.inputs.keys()):
        known = service.inputs if service is not None else ()
        reader.fault(value.entries["with"].value.place, f"the service takes no '{name}'.", suggestion(name, known))
    if step.heard is not None and step.heard not in VERDICTS:
        place = value.entries["heard"].value.place
        reader.fault(place, f"'{step.heard}' is no verdict.", suggestion(step.heard, VERDICTS))


_STEPS: Mapping[str, Callable[[Reader, Mapping[str, Signature]], Step | None]] = {
    "hear": _hear,
    "press": _press,
    "say": _say,
    "record": _record,
    "expect": _expect,
    "transfer ends": _transfer_ends,
    "at": _at,
    "storm": _storm,
}
