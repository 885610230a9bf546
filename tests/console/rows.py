# ruff: noqa: E501 - rows read better on one line
"""Rows the console's tests look at: written as they stand after calls have come in."""

from __future__ import annotations

import wave
from datetime import UTC, date, datetime, timedelta
from functools import cache
from pathlib import Path

from argon2 import PasswordHasher

from database import Database
from ivr import events, outputs
from models import (
    Account,
    Bill,
    Call,
    CallStatus,
    CallTurn,
    Channel,
    Customer,
    CustomerPhone,
    Direction,
    FlowRevision,
    Installation,
    Premise,
    Recording,
    RecordingStatus,
    Role,
    Ticket,
    TicketEvent,
    TicketType,
    User,
)

PASSWORD = "hotline-demo"
CALL = "0" * 31 + "1"
RECORDING = "a" * 32
REMOTE, LOST, OUTSIDE = "b" * 32, "c" * 32, "d" * 32
DANGER, FAULT, COMPLAINT, ENQUIRY = 1, 2, 3, 4


@cache
def hashed() -> str:
    return PasswordHasher(time_cost=1, memory_cost=8, parallelism=1).hash(PASSWORD)


def fill(database: Database, home: Path, now: datetime | None = None) -> None:
    now = now or datetime.now(UTC).replace(microsecond=0)
    (home / "recordings").mkdir(exist_ok=True)
    with wave.open(str(home / "recordings" / "one.wav"), "wb") as sound:
        sound.setnchannels(1)
        sound.setsampwidth(2)
        sound.setframerate(8000)
        sound.writeframes(bytes(range(256)) * 125)  # 2 s
    (home / "secret.wav").write_bytes(b"not a recording")
    with database.transaction() as rows:
        rows.add(Installation(name="demo", value="loaded", at=now))
        for id_, username, name, role in (
            (1, "mei", "Mei Chen", Role.AGENT), (2, "tom", "Tom Baker", Role.AGENT), (3, "li", "李雷", Role.AGENT),
            (4, "sun", "Sun Yue", Role.SUPERVISOR), (5, "admin", "Administrator", Role.ADMIN),
        ):  # fmt: skip
            language = "zh-CN" if username == "li" else "en"
            rows.add(User(id=id_, username=username, name=name, role=role, password_hash=hashed(), language=language))
        rows.add(User(id=9, username="gone", name="Gone", role=Role.AGENT, password_hash=hashed(), active=False))
        rows.flush()
        for number, (name, language, class_, en, zh) in enumerate(_CUSTOMERS, start=1):
            customer = Customer(id=number, name=name, language=language, customer_class=class_)
            premise = Premise(id=number, address={"en": en, "zh-CN": zh}, service_point=f"SP-{number:05}")
            rows.add_all([customer, premise])
            rows.flush()
            rows.add(CustomerPhone(customer_id=number, number=f"+861380013800{number}"))
            balance = (12345, 0, -2000, 0)[number - 1]
            rows.add(
                Account(id=number, number=f"330100000{number}", customer_id=number, premise_id=number,
                        balance_cents=balance, pin_hash=hashed())
            )  # fmt: skip
            rows.flush()
            rows.add(
                Bill(account_id=number, period=date(2026, 10, 1), issued_on=date(2026, 11, 2), due_on=date(2026, 11, 25),
                     usage_kwh=231, amount_cents=12345, paid_at=None)
            )  # fmt: skip
        rows.add(FlowRevision(id="f" * 64, files={}, published_at=now))
        rows.flush()
        _calls(rows, now)
        _tickets(rows, now)


_CUSTOMERS = (
    ("王秀英", "zh-CN", "life_support", "Room 301, Building 5, 12 Wenyi Road", "文一路12号5幢301室"),
    ("John Carter", "en", "residential", "88 Nanshan Road", "南山路88号"),
    ("刘洋", "zh-CN", "small", "Shop 6, Jiefang Market", "解放市场6号铺"),
    ("Anna Schmidt", "en", "residential", "Flat 2, 7 Xihu Lane", "西湖里7号2室"),
)


def _calls(rows, now: datetime) -> None:  # type: ignore[no-untyped-def]
    for number in range(1, 5):
        started = now - timedelta(minutes=20 * number)
        rows.add(
            Call(
                id="0" * 31 + str(number), channel=Channel.BROWSER, provider_id=f"p{number}", direction=Direction.INBOUND,
                from_number=f"+861380013800{number}", to_number="95598", language="zh-CN" if number % 2 else "en",
                status=CallStatus.COMPLETED, flow="main", flow_revision_id="f" * 64, turn=2, variables={},
                started_at=started, answered_at=started, ended_at=started + timedelta(seconds=74),
                end_reason="flow", customer_id=number,
            )
        )  # fmt: skip
    rows.flush()
    began = now - timedelta(minutes=20)
    ask = "请问您需要什么服务?报修请按1,电费请按2。"
    turns = [
        (events.CallStarted("+8613800138001", "95598", "inbound", "zh-CN"),
         [outputs.NodeEntered("main", "welcome", "menu"),
          outputs.ServiceCalled("accounts.find_caller", "known", {"number": "+8613800138001"}, {"customer_name": "王秀英"}, 1800),
          outputs.Say((outputs.Segment(ask, "zh-CN", "welcome"),)),
          outputs.Gather("zh-CN", outputs.KeyInput(), None)]),
        (events.Speech("我要报修", 0.93),
         [outputs.Heard("welcome", "speech", "match", "我要报修", 0.93, "outage", "报修"),
          outputs.NodeEntered("outage_report", "ask_pin", "ask"),
          outputs.Say((outputs.Segment("请输入查询密码。", "zh-CN", "ask_pin"),)),
          outputs.Gather("zh-CN", outputs.KeyInput(6, 6), None)]),
        (events.Digits("771234"),
         [outputs.Heard("ask_pin", "keys", "match", "•••"),
          outputs.ServiceCalled("accounts.verify_identity", "verified", {"account_number": "3301000001"}, {}, 4200),
          outputs.Say((outputs.Segment("您的余额是123.45元。", "zh-CN", None),), private=True),
          outputs.Record(60.0)]),
        (events.Recorded(RECORDING, 2.0, "家里有呼吸机,电线掉在院子里冒火花"),
         [outputs.Heard("message", "recording", "match", "家里有呼吸机,电线掉在院子里冒火花"),
          outputs.ServiceCalled("tickets.open", "opened", {"type": "fault", "danger": True}, {"ticket_number": "1"}, 2900),
          outputs.Hangup()]),
    ]  # fmt: skip
    for number, (event, made) in enumerate(turns):
        rows.add(
            CallTurn(call_id=CALL, number=number, event=events.to_json(event), outputs=[outputs.to_json(one) for one in made],
                     at=began + timedelta(seconds=18 * number), took_us=6400 + number)
        )  # fmt: skip
    for id_, status, path in (
        (RECORDING, RecordingStatus.STORED, "one.wav"), (REMOTE, RecordingStatus.REMOTE, None),
        (LOST, RecordingStatus.LOST, None), (OUTSIDE, RecordingStatus.STORED, "../secret.wav"),
    ):  # fmt: skip
        call_id = CALL if id_ == RECORDING else "0" * 31 + "4"
        rows.add(Recording(id=id_, call_id=call_id, status=status, path=path, seconds=2.0,
                           transcript="家里有呼吸机,电线掉在院子里冒火花" if id_ == RECORDING else "", created_at=began))  # fmt: skip


def _tickets(rows, now: datetime) -> None:  # type: ignore[no-untyped-def]
    told = (
        (DANGER, TicketType.FAULT, True, 0, "Danger", 1, 2, {"description": "家里有呼吸机,电线掉在院子里冒火花", "recording": RECORDING}),
        (FAULT, TicketType.FAULT, False, 0, "Power out in the whole building", 2, 19, {"details": "neighbours: out_too"}),
        (COMPLAINT, TicketType.COMPLAINT, False, 0, "Complaint", 3, 45, {"description": "营业厅排队太久"}),
        (ENQUIRY, TicketType.ENQUIRY, False, 0, "Call back", 4, 150, {"details": "bill"}),
    )  # fmt: skip
    for id_, type_, danger, priority, subject, customer, minutes, details in told:
        opened = now - timedelta(minutes=minutes)
        rows.add(
            Ticket(
                id=id_, type=type_, danger=danger, priority=priority, subject=subject, details=details,
                language=_CUSTOMERS[customer - 1][1], callback_number=f"+861380013800{customer}", customer_id=customer,
                account_id=customer, call_id="0" * 31 + str(customer), dedupe_key=f"t{id_}", created_at=opened, queued_at=opened,
            )
        )  # fmt: skip
        rows.flush()
        rows.add(TicketEvent(ticket_id=id_, kind="opened", actor="caller", at=opened, data={}))
