"""Plays a conversation on a line and says where it went another way than the test has it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Literal

from ivr.conversations import steps
from ivr.conversations.lines import Line, LineFault, OpenLine, different, shown
from ivr.conversations.texts import marked, plain, same
from ivr.events import CallStarted, DialEnded, Digits, Event, HungUp, NoInput, Recorded, Speech
from ivr.outputs import Gather, Hangup, Heard, NodeEntered, Output, Record, Say, ServiceCalled, Transfer
from ivr.values import Signature
from ivr.yaml_source import Place


@dataclass(frozen=True, slots=True)
class Exchange:
    """One thing said or done, for people to read."""

    by: Literal["hotline", "caller"]
    text: str


@dataclass(frozen=True, slots=True)
class Difference:
    """`expected` and `heard` are two texts to be laid one over the other; both empty where there are none."""

    place: Place
    message: str
    expected: str = ""
    heard: str = ""


@dataclass(frozen=True, slots=True)
class NewText:
    """What a `hear` that differs would have to say; one text a prompt."""

    place: Place
    pieces: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Played:
    """A turn: what came in, and everything that went out up to the next wait."""

    event: Event
    outputs: tuple[Output, ...]


@dataclass(frozen=True, slots=True)
class Result:
    """`turns`: everything that happened, for what counts the ways that were taken."""

    conversation: steps.Conversation
    difference: Difference | None
    said: tuple[Exchange, ...]
    turns: tuple[Played, ...]
    new_texts: tuple[NewText, ...]

    @property
    def passed(self) -> bool:
        return self.difference is None


def play(
    conversation: steps.Conversation, open_line: OpenLine, services: Mapping[str, Signature], *,
    update: bool = False,
) -> Result:  # fmt: skip
    """Up to the first difference. `update`: another text heard is noted, and the talk goes on."""
    playing = _Playing(conversation, open_line(conversation), services, update)
    difference = playing.run()
    return Result(
        conversation, difference, tuple(playing.said), tuple(playing.turns), tuple(playing.new_texts)
    )  # fmt: skip


class _Parted(Exception):
    def __init__(self, difference: Difference) -> None:
        self.difference = difference


@dataclass(slots=True)
class _Playing:
    conversation: steps.Conversation
    line: Line
    services: Mapping[str, Signature]
    update: bool
    turn: tuple[Output, ...] = ()
    at_node: str = ""
    language: str = ""
    said: list[Exchange] = field(default_factory=list)
    turns: list[Played] = field(default_factory=list)
    new_texts: list[NewText] = field(default_factory=list)

    def run(self) -> Difference | None:
        place = self.conversation.place
        self.language = self.conversation.setting.language
        try:
            setting = self.conversation.setting
            started = CallStarted(setting.from_number, setting.to_number, setting.direction, setting.language)
            self._perceive(started, self.line.begin())
            for step in self.conversation.talk:
                place = step.place
                self._take(step)
            place = self.conversation.place
            for unused in self.line.unused():
                return Difference(place, unused)
        except LineFault as fault:
            return Difference(place, str(fault))
        except _Parted as parted:
            return parted.difference
        return None

    def _take(self, step: steps.Step) -> None:
        match step:
            case steps.Hear():
                self._hear(step)
            case steps.Expect():
                for message in self._unmet(step):
                    raise _Parted(Difference(step.place, message))
            case steps.ClockSet():
                self.line.set(at=step.at)
            case steps.StormSet():
                self.line.set(storm=step.on)
            case steps.TooLong():
                self.line.set(too_long=True)
            case _:
                if isinstance(self.turn[-1], Hangup):
                    raise LineFault("the call is over: the hotline has hung up")
                text, event = self._event(step)
                self.said.append(Exchange("caller", text))
                self._perceive(event, self.line.does(event))

    def _perceive(self, event: Event, turn: tuple[Output, ...]) -> None:
        self.turn = turn
        self.turns.append(Played(event, turn))
        for output in turn:
            if isinstance(output, Say):
                self.language = output.segments[-1].language if output.segments else self.language
            elif isinstance(output, NodeEntered):
                self.at_node = f"{output.flow}/{output.node}"
        if pieces := self._pieces():
            self.said.append(Exchange("hotline", " ".join(pieces)))

    # --- what the caller does

    def _event(self, step: steps.Step) -> tuple[str, Event]:
        wait = self.turn[-1]
        match step:
            case steps.HangUp():
                return "hangs up", HungUp()
            case steps.TransferEnds() if isinstance(wait, Transfer):
                return f"the transfer ends: {step.status}", DialEnded(step.status)
            case steps.Silence() if not isinstance(wait, Transfer):
                return "says nothing", NoInput()
            case steps.LeaveMessage() if isinstance(wait, Record):
                number = sum(isinstance(turn.event, Recorded) for turn in self.turns) + 1
                return f"leaves a message: {step.text}", Recorded(f"recording-{number}", step.seconds, step.text)
            case steps.Press() if isinstance(wait, Gather):
                return f"presses {step.keys}", keyed(step.keys, wait)
            case steps.Press() if isinstance(wait, Record):
                return f"presses {step.keys}", Digits(step.keys)
            case steps.Speak() if isinstance(wait, Gather):
                return f"says: {step.text}", Speech(step.text, step.confidence)
        raise LineFault(f"the call waits for {_wanted(wait)}")

    # --- what the caller hears

    def _pieces(self) -> tuple[str, ...]:
        return tuple(s.text for output in self.turn if isinstance(output, Say) for s in output.segments)

    def _hear(self, step: steps.Hear) -> None:
        pieces = self._pieces()
        heard = " ".join(pieces)
        if step.whole is not None and not same(step.whole, heard):
            if not self.update:
                raise _Parted(Difference(step.place, "the caller hears something else", *marked(step.whole, heard)))
            self.new_texts.append(NewText(step.place, pieces))
        said = plain(heard)
        for piece in step.contains:
            if plain(piece).casefold() not in said.casefold():
                raise _Parted(Difference(step.place, f"the caller does not hear '{piece}'", heard=said))
        if step.starts and not said.casefold().startswith(plain(step.starts).casefold()):
            raise _Parted(Difference(step.place, f"what is heard does not begin with '{step.starts}'", heard=said))
        if step.ends and not said.casefold().endswith(plain(step.ends).casefold()):
            raise _Parted(Difference(step.place, f"what is heard does not end with '{step.ends}'", heard=said))
        for piece in step.without:
            if plain(piece).casefold() in said.casefold():
                raise _Parted(Difference(step.place, f"the caller hears '{piece}'", heard=said))

    # --- where the call stands

    def _unmet(self, step: steps.Expect) -> Iterator[str]:
        passed = [f"{o.flow}/{o.node}" for o in self.turn if isinstance(o, NodeEntered)]
        if step.node is not None and not _named(step.node, self.at_node):
            yield f"the call stands at {self.at_node}, not at {step.node}"
        for node in step.passed:
            if not any(_named(node, one) for one in passed):
                yield f"the call did not pass {node}; it passed {', '.join(passed) or 'no node'}"
        yield from self._services_unmet(step)
        last = self.turn[-1]
        if step.transfer is not None and not (isinstance(last, Transfer) and last.to == step.transfer):
            yield f"the call is not put through to {step.transfer}; it waits for {_wanted(last)}"
        heard = [o for o in self.turn if isinstance(o, Heard)]
        if step.heard is not None and step.heard not in [o.verdict for o in heard]:
            yield f"the verdict was {', '.join(o.verdict for o in heard) or 'none'}, not {step.heard}"
        if step.option is not None and step.option not in [o.option for o in heard]:
            yield f"the option taken was {', '.join(o.option or 'none' for o in heard) or 'none'}, not {step.option}"
        if step.language is not None and step.language != self.language:
            yield f"the hotline speaks {self.language}, not {step.language}"
        if step.ended == "false" and isinstance(last, Hangup):
            yield "the call has ended"
        elif step.ended is not None and step.ended != "false":
            if not isinstance(last, Hangup):
                yield f"the call goes on at {self.at_node}: it waits for {_wanted(last)}"
            elif step.ended not in ("true", last.reason):
                yield f"the call ended as '{last.reason}', not as '{step.ended}'"

    def _services_unmet(self, step: steps.Expect) -> Iterator[str]:
        called = [o for o in self.turn if isinstance(o, ServiceCalled)]
        for name in step.not_service:
            if any(one.service == name for one in called):
                yield f"{name} was asked"
        if step.service is None:
            return
        those = [one for one in called if one.service == step.service]
        if not those:
            yield f"{step.service} was not asked; asked were: {', '.join(c.service for c in called) or 'none'}"
            return
        wrong = [different(step.inputs, one.inputs, self.services[step.service]) for one in those]
        if all(wrong):
            yield f"{step.service} was asked with {wrong[-1]} (in all: {shown(those[-1].inputs)})"
        if step.outcome is not None and step.outcome not in [one.outcome for one in those]:
            yield f"{step.service} answered {', '.join(one.outcome for one in those)}, not {step.outcome}"


def keyed(keys: str, wait: Gather) -> Event:
    """The entry as a telephone makes it: the terminator ends it, and too few keys end with the time between keys."""
    wanted = wait.keys
    if wanted is None:
        raise LineFault("nobody listens to keys here; the call waits for words")
    entry = ""
    for place, key in enumerate(keys):
        rest = keys[place + 1 :]
        if wanted.terminator and key == wanted.terminator:
            _nothing_left(rest, wanted.terminator, entry)
            return Digits(entry) if entry else NoInput()  # alone, it ends an entry that has nothing in it
        entry += key
        if len(entry) == wanted.max_digits or _is_command(entry, wanted.commands):
            _nothing_left(rest, wanted.terminator, entry)
            return Digits(entry)
    return Digits(entry, timed_out=True)


def _is_command(entry: str, commands: tuple[str, ...]) -> bool:
    return entry in commands and not any(c != entry and c.startswith(entry) for c in commands)


def _nothing_left(rest: str, terminator: str, entry: str) -> None:
    if rest.strip(terminator):
        raise LineFault(f"the entry ends after {entry!r}: press {rest!r} in a step of its own")


def _named(wanted: str, node: str) -> bool:
    return wanted in (node, node.partition("/")[2])


def _wanted(wait: Output) -> str:
    match wait:
        case Gather(keys=keys, speech=speech):
            return " or ".join(name for name, way in (("keys", keys), ("words", speech)) if way is not None)
        case Record():
            return "a message ('record: ...' or 'silence')"
        case Transfer():
            return "the end of a transfer ('transfer ends: answered')"
        case Hangup():
            return "nothing, it has ended"
    return wait.kind
