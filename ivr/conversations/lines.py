"""The hotline at the other end of a test. One that runs on the engine alone stands here; its services answer as the
test says. Whoever runs the tests may give another one, for the services of the house."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any, Protocol
from zoneinfo import ZoneInfo

import orjson

from ivr.conversations.steps import Answer, Conversation, Setting
from ivr.events import CallStarted, Event, ServiceResult
from ivr.flow import FlowSet
from ivr.moment import Moment
from ivr.outputs import CallService, Output, ServiceCalled
from ivr.session import Limits, SessionError, State, Turn, resume, start
from ivr.values import Signature, coerce


class LineFault(Exception):
    """The call cannot go on as the test has it: an input nobody waits for, a service without an answer."""


class Line(Protocol):
    """One call. Both methods give what the caller perceives up to the next wait, and raise LineFault."""

    def begin(self) -> tuple[Output, ...]: ...
    def does(self, event: Event) -> tuple[Output, ...]: ...

    def set(self, *, at: datetime | None = None, storm: bool | None = None, too_long: bool | None = None) -> None:
        """What the next thing the caller does meets with."""

    def unused(self) -> list[str]:
        """What the test has prepared and the call never asked for, one sentence each."""


OpenLine = Callable[[Conversation], Line]


class Answers:
    """What a test's services answer, in their order, and whether they were asked as the test says."""

    def __init__(self, setting: Setting, services: Mapping[str, Signature]) -> None:
        self._setting = setting
        self._services = services
        self._asked: Counter[str] = Counter()

    def __contains__(self, service: str) -> bool:
        return service in self._setting.stubs

    def of(self, service: str, inputs: Mapping[str, Any]) -> Answer:
        stub = self._setting.stubs.get(service)
        if stub is None:
            raise LineFault(self._nothing_said(service, inputs))
        number = self._asked[service]
        self._asked[service] += 1
        if stub.each and number >= len(stub.answers):
            times = f"{len(stub.answers)} time{'s' if len(stub.answers) != 1 else ''}"
            raise LineFault(
                f"{service} was asked again ({shown(inputs)}); the test lets it answer {times} ({stub.place})"
            )
        answer = stub.answers[number if stub.each else 0]
        wrong = different(answer.inputs, inputs, self._services[service])
        if wrong:
            raise LineFault(f"{service} was asked with {wrong} ({answer.place})")
        return answer

    def unused(self) -> list[str]:
        found = []
        for name, stub in self._setting.stubs.items():
            if stub.each and self._asked[name] < len(stub.answers) and not stub.shared:
                found.append(
                    f"{name} was asked {self._asked[name]} of {len(stub.answers)} times that the test has answers for"
                    f" ({stub.place})"
                )
            elif not stub.each and not stub.shared and not self._asked[name]:
                found.append(f"{name} was never asked ({stub.place})")
        return found

    def _nothing_said(self, service: str, inputs: Mapping[str, Any]) -> str:
        signature = self._services[service]
        outcomes = " | ".join(sorted(signature.outcomes))
        gives = ", ".join(f"{name}: ..." for name in signature.outputs)
        return (
            f"{service} was asked ({shown(inputs)}), and the test does not say what it answers. "
            f"Under 'services' write '{service}: {{outcome: {outcomes}"
            + (f", gives: {{{gives}}}" if gives else "")
            + "}'"
        )


class StubbedLine:
    """The engine alone. The state goes through JSON at every turn, as it does between two turns of a real call."""

    def __init__(
        self, flows: FlowSet, services: Mapping[str, Signature], conversation: Conversation, zone: ZoneInfo,
        limits: Limits,
    ) -> None:  # fmt: skip
        self._flows = flows
        self._setting = conversation.setting
        self._limits = limits
        self._zone = zone
        self._answers = Answers(conversation.setting, services)
        self._moment = Moment(conversation.setting.at.replace(tzinfo=zone), conversation.setting.storm)
        self._state: State | None = None

    def set(self, *, at: datetime | None = None, storm: bool | None = None, too_long: bool | None = None) -> None:
        if at is not None:
            self._moment = replace(self._moment, now=at.replace(tzinfo=self._zone))
        if storm is not None:
            self._moment = replace(self._moment, storm=storm)
        if too_long is not None:
            self._moment = replace(self._moment, too_long=too_long)

    def begin(self) -> tuple[Output, ...]:
        setting = self._setting
        event = CallStarted(
            setting.from_number, setting.to_number, setting.direction, setting.language,
            self._moment.now.date().isoformat(), dict(setting.variables),
        )  # fmt: skip
        return self._walk(start(self._flows, setting.flow, event, self._limits, moment=self._moment))

    def does(self, event: Event) -> tuple[Output, ...]:
        if self._state is None:
            raise LineFault("the call is over")
        try:
            return self._walk(resume(self._flows, self._state, event, self._limits, moment=self._moment))
        except SessionError as error:
            raise LineFault(str(error)) from error

    def _walk(self, turn: Turn) -> tuple[Output, ...]:
        said: list[Output] = []
        while turn.state is not None and isinstance(turn.outputs[-1], CallService):
            wanted = turn.outputs[-1]
            said += turn.outputs[:-1]
            answer = self._answers.of(wanted.service, wanted.inputs)
            said.append(ServiceCalled(wanted.service, answer.outcome, wanted.inputs, answer.outputs))
            result = ServiceResult(wanted.service, answer.outcome, answer.outputs)
            turn = resume(self._flows, _through_json(turn.state), result, self._limits, moment=self._moment)
        self._state = None if turn.state is None else _through_json(turn.state)
        return (*said, *turn.outputs)

    def unused(self) -> list[str]:
        return self._answers.unused()


def _through_json(state: State) -> State:
    read: State = orjson.loads(orjson.dumps(state))
    return read


def different(expected: Mapping[str, str], inputs: Mapping[str, Any], service: Signature) -> str:
    """`danger: false, not true` for each expected input that is another one; "" when all are as expected."""
    wrong = []
    for name, text in expected.items():
        actual = inputs.get(name)
        try:
            fits = actual is not None and coerce(service.inputs[name], text) == coerce(service.inputs[name], actual)
        except (ValueError, TypeError):
            fits = False
        if not fits and str(actual) != text:
            wrong.append(f"{name}: {'nothing' if actual is None else repr(actual)}, not {text!r}")
    return "; ".join(wrong)


def shown(values: Mapping[str, Any]) -> str:
    return ", ".join(f"{name}={value!r}" for name, value in values.items()) or "nothing given"
