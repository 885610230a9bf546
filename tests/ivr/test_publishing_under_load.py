"""Flows are published while the hotline is full: no call breaks, and each one ends with the flows it began with."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

import pytest
import sqlalchemy as sa

from database import Database
from ivr.calls import NewCall, TurnAnswer
from ivr.events import Digits, NoInput
from ivr.flow_store import FlowStore
from ivr.outputs import Fault, Say
from ivr.runner import Runner
from ivr.services import ServiceRegistry
from models import Call, Channel, FlowPublication, PublicationOrigin
from settings import Settings
from tests.ivr.conftest import AGENT, LANGUAGES, SHARED, UTILITY

CALLS, THREADS, PUBLICATIONS = 300, 12, 20


def files(number: int) -> dict[str, str]:
    """Every prompt says its publication. Nodes are named after it too: a call that changed flows would be lost."""
    main = f"""
flow: main
prompts:
  first: {{en: "First of {number}.", zh-CN: "{number}"}}
  second: {{en: "Second of {number}.", zh-CN: "{number}"}}
  done: {{en: "Done with {number}.", zh-CN: "{number}"}}
nodes:
  first_{number}:
    menu: first
    options:
      go: {{key: "1", next: second_{number}}}
  second_{number}:
    menu: second
    options:
      go: {{key: "1", next: done_{number}}}
  done_{number}:
    hangup: done
"""
    return {"shared.yaml": SHARED, "agent.yaml": AGENT, "main.yaml": main}


def store(database: Database) -> FlowStore:
    return FlowStore(database, {}, LANGUAGES, UTILITY)


@pytest.fixture(params=["sqlite", "postgresql"])
def shared_database(request: pytest.FixtureRequest) -> Database:
    found: Database = request.getfixturevalue("database" if request.param == "sqlite" else request.param)
    return Database(found.url.render_as_string(hide_password=False), pool_size=THREADS)


def said(answer: TurnAnswer) -> str:
    assert not any(isinstance(output, Fault) for output in answer.outputs), answer.outputs
    return " ".join(output.text for output in answer.outputs if isinstance(output, Say))


@pytest.mark.timeout(300)
def test_publishing_twenty_times_breaks_none_of_hundreds_of_calls(
    shared_database: Database, settings: Settings
) -> None:
    database = shared_database
    publisher = store(database)
    publisher.use(files(0), datetime.now(UTC))
    runners = [Runner(database, store(database), ServiceRegistry([]), settings) for _ in range(3)]  # three processes
    published = threading.Event()
    begun = threading.Semaphore(0)

    def publish() -> None:
        try:
            for number in range(1, PUBLICATIONS + 1):
                for _ in range(CALLS // (PUBLICATIONS + 1)):
                    begun.acquire(timeout=60)  # so that calls begin before and after each publication
                publisher.use(files(number), datetime.now(UTC), origin=PublicationOrigin.DRAFT, author=f"a{number}")
        finally:
            published.set()

    def call(index: int) -> tuple[str, set[str]]:
        """The call's id, and the numbers of the publications it heard of. A call is carried on by any process."""
        turn = index % len(runners)
        heard = []
        answer = runners[turn].begin(NewCall(Channel.TWILIO, f"CA{index}", "+8613800138000", "95598", language="en"))
        begun.release()
        heard.append(said(answer))
        for event in (NoInput(), Digits("1"), Digits("1")):
            if index % 3 == 0:
                published.wait(timeout=0.05)  # some calls take long, over many publications
            turn = (turn + 1) % len(runners)
            answer = runners[turn].resume(answer.call_id, answer.turn, event)
            heard.append(said(answer))
        assert answer.ended
        assert heard[-1].startswith("Done with")
        return answer.call_id, {
            word.rstrip(".") for text in heard for word in text.split() if word.rstrip(".").isdigit()
        }

    thread = threading.Thread(target=publish)
    thread.start()
    with ThreadPoolExecutor(THREADS) as threads:
        done = list(threads.map(call, range(CALLS)))
    thread.join(60)
    assert published.is_set()
    assert len(done) == CALLS
    texts = {publisher.check(files(number)).revision: str(number) for number in range(PUBLICATIONS + 1)}
    with database.reading() as session:
        pinned = {row.id: row.flow_revision_id for row in session.execute(sa.select(Call.id, Call.flow_revision_id))}
        assert session.scalar(sa.select(sa.func.count()).select_from(FlowPublication)) == PUBLICATIONS + 1
    for call_id, numbers in done:
        assert numbers == {texts[pinned[call_id]]}
    assert len({texts[revision] for revision in pinned.values()}) > PUBLICATIONS // 2
    after = runners[0].flows.current.revision
    assert texts[after] == str(PUBLICATIONS)
    database.dispose()
