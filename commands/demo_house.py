"""A hotline for one conversation: the real services on the demo customers, in a database that is thrown away."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import migrations
from accounts.demo import load_demo
from app import flow_store, registry, signatures
from database import Database, sqlite_url
from ivr.calls import CallError, NewCall, NewRecording
from ivr.conversations.lines import Answers, LineFault
from ivr.conversations.steps import Conversation, Setting
from ivr.events import Event, HungUp, Recorded
from ivr.flow import DoNode, FlowSet
from ivr.outputs import Hangup, Output
from ivr.runner import Runner
from ivr.services import Outcome, Service, ServiceContext, ServiceRegistry
from ivr.storm import switch
from models import Call, CallStatus, Channel, Direction, new_id
from settings import Settings

_LONG_S = 3600.0


class DemoHouse:
    """Makes the demo once a day that is asked for, and a copy of it for each conversation. `folder` is its own."""

    def __init__(self, settings: Settings, files: Mapping[str, str], folder: Path) -> None:
        """`files`: the flows, name -> text."""
        hurry_less = settings.callflows.model_copy(update={"turn_services_s": _LONG_S})
        self._settings = settings.model_copy(update={"callflows": hurry_less})
        self._files = files
        self._folder = folder
        self._zone = ZoneInfo(settings.utility.time_zone)
        self._days: dict[date, Path] = {}
        self._flows: FlowSet | None = None
        self._opened = 0

    def open(self, conversation: Conversation) -> HouseLine:
        began = conversation.setting.at.replace(tzinfo=self._zone)
        day = self._days.get(began.date())
        if day is None:
            day = self._days[began.date()] = self._make(began)
        assert self._flows is not None
        self._opened += 1
        copy = self._folder / f"call-{self._opened}.db"
        shutil.copyfile(day, copy)
        return HouseLine(self._settings, Database(sqlite_url(copy)), self._flows, conversation, self._zone)

    def _make(self, at: datetime) -> Path:
        path = self._folder / f"{at.date()}.db"
        database = Database(sqlite_url(path))
        migrations.upgrade(database)
        load_demo(database, self._settings, at.astimezone(UTC))
        flows = flow_store(self._settings, database).use(self._files, at.astimezone(UTC))
        self._flows = self._flows or unhurried(flows)
        database.dispose()  # the last connection to close writes everything into the one file
        return path


def unhurried(flows: FlowSet) -> FlowSet:
    """The same flows, whose services may take their time: what a test says does not hang on how busy a machine is."""
    patient = {}
    for name, flow in flows.flows.items():
        nodes = {n: replace(one, budget_s=_LONG_S) if isinstance(one, DoNode) else one for n, one in flow.nodes.items()}
        patient[name] = replace(flow, nodes=nodes)
    return replace(flows, flows=patient)


class HouseLine:
    """One call through the runner, as a channel makes it. Services that the test has stubs for answer from those."""

    def __init__(
        self, settings: Settings, database: Database, flows: FlowSet, conversation: Conversation, zone: ZoneInfo
    ) -> None:
        """`database`: a copy of the demo's, where `flows` are published."""
        self._setting = conversation.setting
        self._settings = settings
        self._zone = zone
        self._now = conversation.setting.at.replace(tzinfo=zone).astimezone(UTC)
        self._database = database
        self._answers = Answers(conversation.setting, signatures(settings))
        self._asked_wrongly: list[LineFault] = []
        services = ServiceRegistry([self._stubbed(service) for service in registry(settings)])
        store = flow_store(settings, database)
        store.took(flows)
        self._runner = Runner(database, store, services, settings, clock=lambda: self._now)
        self._call_id = ""
        self._turn = 0
        if conversation.setting.storm:
            self.set(storm=True)

    def set(self, *, at: datetime | None = None, storm: bool | None = None, too_long: bool | None = None) -> None:
        if at is not None:
            self._now = at.replace(tzinfo=self._zone).astimezone(UTC)
        if storm is not None:
            with self._database.transaction() as rows:
                switch(rows, storm, actor="test", reason="as the test says", now=self._now)
        if too_long:
            self._now += timedelta(minutes=self._settings.callflows.max_call_minutes, seconds=1)

    def begin(self) -> tuple[Output, ...]:
        setting = self._setting
        if setting.direction == Direction.OUTBOUND:
            call_id = self._made(setting)
            answer = self._runner.answered(call_id)
        else:
            answer = self._runner.begin(
                NewCall(
                    Channel.TEXT, new_id(), setting.from_number, setting.to_number, setting.language, setting.flow,
                    setting.variables,
                )
            )  # fmt: skip
        self._call_id, self._turn = answer.call_id, answer.turn
        return self._checked(answer.outputs)

    def does(self, event: Event) -> tuple[Output, ...]:
        self._now += timedelta(seconds=5)
        if isinstance(event, HungUp):
            self._runner.ended(self._call_id, CallStatus.COMPLETED, event.reason)
            return (Hangup(event.reason),)
        recording = None
        if isinstance(event, Recorded):
            recording = NewRecording(event.recording_id, event.seconds, transcript=event.transcript)
        try:
            answer = self._runner.resume(self._call_id, self._turn, event, recording=recording)
        except CallError as error:
            raise LineFault(str(error)) from error
        self._turn = answer.turn
        return self._checked(answer.outputs)

    def unused(self) -> list[str]:
        self._database.dispose()
        return self._answers.unused()

    def _checked(self, outputs: tuple[Output, ...]) -> tuple[Output, ...]:
        for fault in self._asked_wrongly:
            raise fault
        return outputs

    def _made(self, setting: Setting) -> str:
        """The row of a call that the hotline makes."""
        with self._database.transaction() as rows:
            call = Call(
                channel=Channel.TEXT,
                provider_id=new_id(),
                direction=Direction.OUTBOUND,
                from_number=setting.from_number,
                to_number=setting.to_number,
                language=setting.language,
                status=CallStatus.RINGING,
                flow=setting.flow,
                flow_revision_id=self._runner.flows.current.revision,
                variables=dict(setting.variables),
                started_at=self._now,
            )
            rows.add(call)
            rows.flush()
            return call.id

    def _stubbed(self, service: Service) -> Service:
        if service.name not in self._answers:
            return service

        def answer(context: ServiceContext, inputs: Mapping[str, Any]) -> Outcome:
            try:
                chosen = self._answers.of(service.name, inputs)
            except LineFault as fault:
                self._asked_wrongly.append(fault)
                raise
            return Outcome(chosen.outcome, chosen.outputs)

        return replace(service, run=answer)
