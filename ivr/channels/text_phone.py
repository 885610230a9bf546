"""The telephone in the terminal: what would be said is printed, what the caller does is typed. The calls are real."""

from __future__ import annotations

from typing import TextIO

from ivr.calls import CallEnded, CallError, NewCall, NewRecording, TurnAnswer
from ivr.channels.terminal import Terminal, Typed
from ivr.events import DialEnded, Digits, Event, NoInput, Recorded, Speech
from ivr.keypad import keyed
from ivr.outputs import Fault, Gather, Hangup, LanguageChanged, Record, Say, Transfer
from ivr.runner import Runner
from models import CallStatus, Channel, new_id

HELP = "Type digits (1, 42#) or words; an empty line is silence; /hangup or Ctrl-D hangs up."
_DIALLED = {"a": "answered", "b": "busy", "n": "no-answer", "f": "failed"}


class TextPhone:
    """One caller. Nothing typed takes longer than the wait it answers: digits come at once, speech is certain."""

    def __init__(self, runner: Runner, source: TextIO, out: TextIO) -> None:
        self._runner = runner
        self._terminal = Terminal(source, out)

    def call(
        self, from_number: str, *, to_number: str | None = None, language: str | None = None, flow: str | None = None
    ) -> str:
        """Phones in and stays on the line to the end. Returns the call's id."""
        called = to_number or self._runner.settings.utility.hotline_number
        self._terminal.show(HELP)
        answer = self._runner.begin(NewCall(Channel.TEXT, new_id(), from_number, called, language, flow))
        return self._talk(answer)

    def pick_up(self, call_id: str) -> str:
        """Answers an outbound call that has been made to this phone."""
        return self._talk(self._runner.answered(call_id))

    def _talk(self, answer: TurnAnswer) -> str:
        call_id = answer.call_id
        self._perceive(answer)
        while not answer.ended:
            typed = self._terminal.ask(_prompt(answer))
            if typed.kind == "hang_up":
                break
            try:
                event, recording = _understood(answer, typed)
                answer = self._runner.resume(call_id, answer.turn, event, recording=recording)
            except CallEnded:  # ended by somebody else meanwhile: too long, or swept
                break
            except CallError as error:
                self._terminal.show(f"! {error}")
                continue
            self._perceive(answer)
        reason = "flow" if answer.ended else "caller"
        self._runner.ended(call_id, CallStatus.COMPLETED, reason)
        self._terminal.show("-- the hotline hung up" if answer.ended else "-- you hung up")
        return call_id

    def _perceive(self, answer: TurnAnswer) -> None:
        for output in answer.outputs:
            match output:
                case Say():
                    for segment in output.segments:
                        self._terminal.show(f"[{segment.language}] {segment.text}")
                case LanguageChanged():
                    self._terminal.show(f"-- now in {output.language}")
                case Record():
                    self._terminal.show("-- beep: what you type now is your message")
                case Transfer():
                    self._terminal.show(f"-- dialling {output.to}")
                case Fault():
                    self._terminal.show(f"! {output.message}")


def _prompt(answer: TurnAnswer) -> str:
    match answer.outputs[-1]:
        case Gather(keys=keys, speech=speech):
            ways = [way for way, wanted in (("digits", keys), ("words", speech)) if wanted]
            return " or ".join(ways)
        case Record():
            return "message"
        case Transfer():
            return "how does it end: (a)nswered, (b)usy, (n)o answer, (f)ailed"
    return ""


def _understood(answer: TurnAnswer, typed: Typed) -> tuple[Event, NewRecording | None]:
    """What the typed line is at this wait."""
    wait = answer.outputs[-1]
    if isinstance(wait, Transfer):
        return DialEnded(_DIALLED.get(typed.text[:1].lower(), "no-answer")), None
    if typed.kind == "silence":
        return NoInput(), None
    if isinstance(wait, Record):
        if typed.kind == "keys" and typed.text in wait.commands:
            return Digits(typed.text), None
        seconds = round(min(wait.max_s, max(1.0, len(typed.text) / 4)), 1)  # about how long it takes to say
        recording = NewRecording(new_id(), seconds, transcript=typed.text)
        return Recorded(recording.id, seconds, typed.text), recording
    assert isinstance(wait, Gather), f"{Hangup.kind} is no wait"
    if typed.kind == "keys" and wait.keys is not None:
        digits, _ = keyed(typed.text, wait.keys)
        lone_terminator = not digits.digits  # ends an entry that has nothing in it
        return NoInput() if lone_terminator else digits, None
    return Speech(typed.text, 1.0), None
