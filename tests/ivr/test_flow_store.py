"""What a new call begins with: publications, roll-backs, folders, and processes that hear of them without a restart."""

from __future__ import annotations

import threading
from datetime import UTC, datetime
from pathlib import Path

import pytest
import sqlalchemy as sa

from database import Database
from ivr import flow_drafts, publishing
from ivr.flow_store import FlowStore, NoSuchRevision
from ivr.loader import FlowError
from ivr.publishing import AlreadyCurrent, NoSuchPublication, PublishingError
from models import FlowPublication, FlowRevision, PublicationOrigin
from tests.ivr.conftest import AGENT, LANGUAGES, SHARED, UTILITY

NOW = datetime(2026, 11, 23, 8, tzinfo=UTC)
DRAFT = PublicationOrigin.DRAFT


def files(word: str) -> dict[str, str]:
    main = f"""
flow: main
prompts:
  hello: {{en: {word}, zh-CN: 您好。}}
nodes:
  hello: {{say: hello, next: bye}}
  bye: {{hangup: goodbye}}
"""
    return {"shared.yaml": SHARED, "agent.yaml": AGENT, "main.yaml": main}


def write(folder: Path, word: str) -> Path:
    folder.mkdir(exist_ok=True)
    for name, text in files(word).items():
        (folder / name).write_text(text, encoding="utf-8")
    return folder


def store(database: Database) -> FlowStore:
    return FlowStore(database, {}, LANGUAGES, UTILITY)


def begun(flows: FlowStore, database: Database) -> str:
    """The revision a call that begins now is given."""
    with database.unit() as unit:
        return flows.for_new_call(unit.connection).flows.revision


def wait_for_loading() -> None:
    for thread in threading.enumerate():
        if thread.name.startswith("flows-"):
            thread.join(20)


def history(database: Database) -> list[tuple[str, str]]:
    with database.reading() as session:
        return [(one.origin.value, one.author) for one in reversed(publishing.publications(session))]


def test_before_anything_is_published_nothing_is_current(database: Database) -> None:
    with pytest.raises(NoSuchRevision):
        _ = store(database).current
    with pytest.raises(NoSuchRevision):
        begun(store(database), database)


def test_what_one_process_publishes_another_begins_calls_with(database: Database) -> None:
    here, there = store(database), store(database)
    first = here.use(files("One."), NOW).revision
    assert begun(there, database) == first
    second = here.use(files("Two."), NOW, origin=DRAFT, author="sun", note="two instead of one").revision
    assert begun(here, database) == second
    assert begun(there, database) in (first, second)  # loading goes on beside the call
    wait_for_loading()
    assert begun(there, database) == second
    assert there.revision(first).revision == first
    with database.reading() as session:
        current = publishing.current_publication(session)
        assert current is not None
        assert (current.author, current.note, current.at) == ("sun", "two instead of one", NOW)


def test_who_may_wait_is_given_what_was_published_a_moment_ago(database: Database) -> None:
    here, there = store(database), store(database)
    here.use(files("One."), NOW)
    assert there.current.revision == here.current.revision
    second = here.use(files("Two."), NOW, origin=DRAFT).revision
    assert there.current.revision == second
    assert begun(there, database) == second


def test_flows_with_faults_are_not_published(database: Database) -> None:
    flows = store(database)
    first = flows.use(files("One."), NOW).revision
    with pytest.raises(FlowError):
        flows.use(files("One.") | {"main.yaml": "flow: main"}, NOW)
    assert flows.current.revision == first
    assert history(database) == [("folder", "hotline")]


def test_rolling_back_goes_to_the_flows_before_and_twice_further_back(database: Database) -> None:
    flows = store(database)
    one, two, three = (flows.use(files(word), NOW, origin=DRAFT).revision for word in ("One.", "Two.", "Three."))
    for expected in (two, one):
        with database.transaction() as session:
            publishing.roll_back(session, author="sun", note="", now=NOW)
        assert flows.current.revision == expected
    with pytest.raises(NoSuchPublication):
        with database.transaction() as session:
            publishing.roll_back(session, author="sun", note="", now=NOW)
    with database.transaction() as session:
        publishing.roll_back(session, publishing.publication_named(session, "3"), author="sun", note="", now=NOW)
    assert flows.current.revision == three
    assert [origin for origin, _ in history(database)] == ["draft"] * 3 + ["rollback"] * 3


def test_publishing_what_is_published_is_refused(database: Database) -> None:
    flows = store(database)
    flows.use(files("One."), NOW)
    with pytest.raises(AlreadyCurrent):
        flows.use(files("One."), NOW, origin=DRAFT)
    with pytest.raises(PublishingError, match="signs"):
        flows.use(files("Two."), NOW, note="x" * 3000)


def test_a_publication_is_found_by_its_number_or_the_beginning_of_its_revision(database: Database) -> None:
    flows = store(database)
    one = flows.use(files("One."), NOW).revision
    with database.reading() as session:
        assert publishing.publication_named(session, "1").revision_id == one
        assert publishing.publication_named(session, one[:8]).revision_id == one
        for name in ("2", "zzzz", "ab", "", "%%%%", "9" * 30):
            with pytest.raises(NoSuchPublication):
                publishing.publication_named(session, name)


# ------------------------------------------------------------------------------------------ the folder at a start


def test_a_folder_that_was_edited_is_published_at_the_next_start_once(database: Database, tmp_path: Path) -> None:
    folder = write(tmp_path / "flows", "One.")
    store(database).start(folder, NOW)
    store(database).start(folder, NOW)
    assert history(database) == [("folder", "hotline")]
    write(folder, "Two.")
    second = store(database)
    second.start(folder, NOW)
    assert history(database) == [("folder", "hotline")] * 2
    assert second.current.revision == second.check(files("Two.")).revision


def test_a_restart_does_not_undo_a_roll_back_or_what_came_from_a_draft(database: Database, tmp_path: Path) -> None:
    folder = write(tmp_path / "flows", "One.")
    flows = store(database)
    flows.start(folder, NOW)
    one = flows.current.revision
    write(folder, "Two.")
    flows.start(folder, NOW)
    with database.transaction() as session:
        publishing.roll_back(session, author="sun", note="two is wrong", now=NOW)
    again = store(database)
    again.start(folder, NOW)
    assert again.current.revision == one
    three = again.use(files("Three."), NOW, origin=DRAFT).revision
    again = store(database)
    again.start(folder, NOW)
    assert again.current.revision == three
    assert again.folder_problem == ""
    write(folder, "Four.")
    again.start(folder, NOW)
    with database.reading() as session:
        current = publishing.current_publication(session)
    assert current is not None
    assert current.note == "replaces publication 4 of hotline"


def test_a_roll_back_of_a_draft_made_of_the_folder_is_not_undone_either(database: Database, tmp_path: Path) -> None:
    folder = write(tmp_path / "flows", "One.")
    flows = store(database)
    flows.start(folder, NOW)
    one = flows.current.revision
    write(folder, "Two.")
    with database.transaction() as session:
        flow_drafts.begin_draft(session, files("Two."), one, author="sun", note="two", now=NOW)
    flows.publish_draft(1, author="sun", note="", now=NOW)
    assert flows.roll_back(None, author="sun", note="", now=NOW).revision == one
    again = store(database)
    again.start(folder, NOW)
    assert again.current.revision == one
    again.start(write(folder, "One."), NOW)
    assert [origin for origin, _ in history(database)] == ["folder", "draft", "rollback"]


def test_a_draft_is_published_as_it_was_looked_at_or_not_at_all(database: Database) -> None:
    flows = store(database)
    one = flows.use(files("One."), NOW).revision
    with database.transaction() as session:
        draft = flow_drafts.begin_draft(session, files("Two."), one, author="mei", note="two", now=NOW)
    with database.transaction() as session:
        changed = flow_drafts.open_draft(session, draft.id, 1)
        flow_drafts.change_files(changed, {"main.yaml": "flow: main", "more.yaml": "x"}, author="tom", now=NOW)
    with pytest.raises(flow_drafts.DraftChanged, match="tom"):
        flows.publish_draft(draft.id, author="mei", note="", now=NOW, version=1)
    with pytest.raises(FlowError):
        flows.publish_draft(draft.id, author="mei", note="", now=NOW, version=2)
    with database.transaction() as session:
        changed = flow_drafts.open_draft(session, draft.id, 2)
        flow_drafts.change_files(changed, {**files("Three."), "more.yaml": None}, author="tom", now=NOW)
    assert flows.publish_draft(draft.id, author="mei", note="", now=NOW).revision == flows.current.revision
    with pytest.raises(flow_drafts.DraftClosed):
        flows.publish_draft(draft.id, author="mei", note="", now=NOW)
    with pytest.raises(flow_drafts.NoSuchDraft):
        flows.publish_draft(99, author="mei", note="", now=NOW)
    for name in ("../main.yaml", "main.yml", ".yaml", "a b.yaml", "x" * 100 + ".yaml"):
        with pytest.raises(PublishingError), database.transaction() as session:
            flow_drafts.begin_draft(session, {name: ""}, one, author="mei", note="", now=NOW)


def test_a_folder_with_faults_is_refused_only_where_nothing_was_published(database: Database, tmp_path: Path) -> None:
    folder = write(tmp_path / "flows", "One.")
    (folder / "main.yaml").write_text("flow: main\nnodes: {a: {say: nothing}}\n")
    with pytest.raises(FlowError):
        store(database).start(folder, NOW)
    with pytest.raises(FileNotFoundError):
        store(database).start(tmp_path / "nowhere", NOW)
    write(folder, "One.")
    first = store(database)
    first.start(folder, NOW)
    (folder / "main.yaml").write_text("flow: main\nnodes: {a: {say: nothing}}\n")
    for broken in (folder, tmp_path / "nowhere"):
        again = store(database)
        again.start(broken, NOW)
        assert again.current.revision == first.current.revision
        assert str(broken) in again.folder_problem
    (folder / "main.yaml").write_bytes(b"\xff\xfe")
    again.start(folder, NOW)
    assert history(database) == [("folder", "hotline")]


def test_where_starts_do_not_publish_the_folder_only_the_first_one_does(database: Database, tmp_path: Path) -> None:
    folder = write(tmp_path / "flows", "One.")
    flows = store(database)
    flows.start(folder, NOW, publish=False)
    one = flows.current.revision
    write(folder, "Two.")
    flows = store(database)
    flows.start(folder, NOW, publish=False)
    assert flows.current.revision == one
    assert flows.folder_problem == ""


def test_flows_can_be_tried_out_without_publishing(database: Database) -> None:
    flows, other = store(database), store(database)
    one = flows.use(files("One."), NOW).revision
    two = flows.try_out(files("Two."), NOW).revision
    assert (flows.current.revision, begun(flows, database)) == (two, two)
    assert other.current.revision == one
    with database.reading() as session:
        assert session.scalar(sa.select(sa.func.count()).select_from(FlowRevision)) == 2
        assert session.scalar(sa.select(sa.func.count()).select_from(FlowPublication)) == 1


@pytest.mark.parametrize("waits", [True, False])
def test_a_publication_that_cannot_be_used_here_leaves_the_one_before(database: Database, waits: bool) -> None:
    here, old = store(database), FlowStore(database, {}, (*LANGUAGES, "de"), UTILITY)  # another version of the program
    old._last = one = here.use(files("One."), NOW)
    here.use(files("Two."), NOW, origin=DRAFT)
    if waits:
        assert old.current.revision == one.revision
    begun(old, database)
    wait_for_loading()
    assert begun(old, database) == one.revision
    assert old.current.revision == one.revision


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_processes_that_publish_at_once_come_one_after_the_other(kind: str, request: pytest.FixtureRequest) -> None:
    database: Database = request.getfixturevalue("database" if kind == "sqlite" else kind)
    stores = [store(database) for _ in range(6)]
    threads = [
        threading.Thread(target=one.use, args=(files(f"Word {n % 3}."), NOW), kwargs={"author": f"a{n}"})
        for n, one in enumerate(stores)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with database.reading() as session:
        newest = publishing.publications(session)[0]
        current = publishing.current_publication(session)
        assert current is not None
        assert current.id == newest.id
    assert {one.current.revision for one in stores} == {newest.revision_id}
