"""Small flows, and a web in front of them that requests reach as Twilio's do."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from fake_twilio import ACCOUNT, TOKEN
from flask import Flask

from database import Database
from ivr.channels.twilio.simulation import Answer, SimulatedCall, Transport
from ivr.channels.twilio.webhooks import Webhooks
from ivr.flow_store import FlowStore, read_files
from ivr.runner import Runner, utc_now
from ivr.services import ServiceRegistry
from settings import Settings

SHARED = """
prompts:
  apology: {en: Sorry., zh-CN: 抱歉。}
  silent: {en: I heard nothing., zh-CN: 没听到。}
  lost: {en: I did not get that., zh-CN: 没听清。}
defaults:
  no_input: {say: [silent], limit: 3, flow: agent}
  no_match: {say: [lost], limit: 3, flow: agent}
  fault_flow: agent
"""
AGENT = """
flow: agent
takes:
  reason: {type: text, default: ""}
prompts:
  later: {en: We will call you., zh-CN: 我们会回电。}
nodes:
  bye:
    hangup: later
"""
MAIN = """
flow: main
vars:
  recording: text
  code: digits
prompts:
  welcome: {en: Welcome., zh-CN: 欢迎。}
  choose: {en: "Press 1, 2 or 3.", zh-CN: 请按1、2或3。}
  listen: {en: After the tone., zh-CN: 请留言。}
  taken: {en: Thank you., zh-CN: 谢谢。}
  ask_code: {en: Your code?, zh-CN: 请输入。}
  got: {en: "I have {code:digits}.", zh-CN: "{code:digits}。"}
  hold: {en: One moment., zh-CN: 请稍候。}
  engaged: {en: Nobody is free., zh-CN: 占线。}
nodes:
  welcome:
    say: welcome
    next: choose
  choose:
    menu: choose
    options:
      message: {key: "1", phrases: {en: [leave a message], zh-CN: [留言]}, next: listen}
      code: {key: "2", phrases: {en: [enter a code], zh-CN: [密码]}, next: ask_code}
      person: {key: "3", phrases: {en: [a person], zh-CN: [人工]}, next: person}
  listen:
    record: listen
    max_s: 60
    into: recording
    no_input: {say: [silent], limit: 2}
    next: taken
  taken:
    say: taken
    next: choose
  ask_code:
    ask: ask_code
    type: digits
    min: 3
    max: 6
    into: code
    next: got
  got:
    hangup: got
  person:
    transfer: hold
    to: "+8657100000000"
    timeout_s: 20
    outcomes: {answered: bye, busy: engaged, no-answer: engaged, failed: engaged}
  engaged:
    say: engaged
    next: choose
  bye:
    hangup: taken
"""
NOTICE = """
flow: notice
prompts:
  machine: {en: We will call again., zh-CN: 稍后再拨。}
  fixed: {en: "Is it fixed? Press 1.", zh-CN: 好了吗?请按1。}
  glad: {en: Good., zh-CN: 好。}
nodes:
  who:
    when:
      - {if: '"machine" in answered_by', next: machine}
      - else: ask
  machine:
    hangup: machine
  ask:
    menu: fixed
    options:
      "yes": {key: "1", phrases: {en: ["yes"], zh-CN: [好了]}, next: glad}
  glad:
    hangup: glad
"""


def write_flows(folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in (("shared", SHARED), ("agent", AGENT), ("main", MAIN), ("notice", NOTICE)):
        (folder / f"{name}.yaml").write_text(text, encoding="utf-8")
    return folder


def through(app: Flask, base_url: str = "https://ivr.example.org") -> Transport:
    """A `Transport` into `app`, as if it stood at `base_url` behind a proxy that it does not know of."""
    client = app.test_client()

    def send(url: str, body: bytes, headers: Mapping[str, str]) -> Answer:
        assert url.startswith(base_url), url
        parts = urlsplit(url.removeprefix(base_url))
        target = f"{parts.path}?{parts.query}" if parts.query else parts.path
        reply = client.post(target, data=body, headers=dict(headers), base_url="http://10.0.0.7:8080")
        return Answer(reply.status_code, reply.get_data(as_text=True), reply.mimetype)

    return send


def caller(app: Flask, **options) -> SimulatedCall:
    """Somebody who phones in. Twilio tells how the call ends as well."""
    given = {
        "account_sid": ACCOUNT, "auth_token": TOKEN, "from_number": "+8613800000001", "to_number": "95598",
        "status_url": "https://ivr.example.org/twilio/status",
    }  # fmt: skip
    return SimulatedCall(options.pop("transport", None) or through(app), **{**given, **options})


@dataclass(frozen=True)
class House:
    """What the webhooks are given, over the small flows of `phone.py`."""

    settings: Settings
    database: Database
    runner: Runner
    app: Flask


def make_house(settings: Settings, database: Database, tmp_path: Path, **runner_options) -> House:
    settings = settings.model_copy(
        update={
            "callflows": settings.callflows.model_copy(update={"folder": write_flows(tmp_path / "flows")}),
            "utility": settings.utility.model_copy(update={"default_language": "en"}),
        }
    )
    flows = FlowStore(database, {}, ("en", "zh-CN"), settings.utility.name)
    flows.use(read_files(settings.callflows.folder), utc_now())
    runner = Runner(database, flows, ServiceRegistry([]), settings, **runner_options)
    app = Flask("webhooks", static_folder=None)
    house = House(settings, database, runner, app)
    app.wsgi_app = Webhooks(house)  # Flask for its test client only
    return house
