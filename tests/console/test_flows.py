"""What supervisors do with flows in the console, what agents see of it, and what others may not."""

from __future__ import annotations

import io
import re

import pytest
from flask import Flask

from app import Hotline
from database import Database
from ivr import flow_drafts, publishing
from models import DraftStatus
from tests.console.conftest import Browser

CHANGING = [
    ("/flows/rollback", {"to": "1", "note": "x", "sure": "yes"}),
    ("/flows/drafts", {"note": "x"}),
    ("/flows/drafts/1/files", {"name": "main.yaml", "text": "x", "version": "1"}),
    ("/flows/drafts/1/upload", {"version": "1"}),
    ("/flows/drafts/1/remove", {"name": "main.yaml", "version": "1"}),
    ("/flows/drafts/1/publish", {"note": "x", "version": "1"}),
    ("/flows/drafts/1/discard", {"version": "1"}),
    ("/storm", {"storm": "on", "reason": "x", "sure": "yes"}),
]
LOOKING = ["/flows", "/flows/state", "/flows/publications/1", "/flows/diff?a=1&b=draft-1", "/flows/drafts/1"]


def files(database: Database, draft_id: int = 1) -> dict[str, str]:
    with database.reading() as rows:
        return dict(flow_drafts.draft(rows, draft_id).files)


def begin(sun: Browser, note: str = "shorter") -> None:
    assert sun.post("/flows/drafts", note=note).location == "/flows/drafts/1"


def save(sun: Browser, name: str, text: str, version: int) -> object:
    return sun.post("/flows/drafts/1/files", name=name, text=text, version=str(version))


def apologetic(database: Database) -> str:
    return files(database)["shared.yaml"].replace("Sorry,", "So sorry,")


@pytest.fixture
def draft(sun: Browser, database: Database) -> str:
    """The first revision; draft 1 differs from it."""
    begin(sun)
    save(sun, "shared.yaml", apologetic(database), 1)
    with database.reading() as rows:
        current = publishing.current_publication(rows)
        assert current is not None
        return current.revision_id


def test_a_draft_is_begun_edited_compared_and_published(
    sun: Browser, hotline: Hotline, database: Database, draft: str
) -> None:
    page = sun.get("/flows/drafts/1?file=shared.yaml")
    assert "no faults" in page
    assert "So sorry," in page
    shown = sun.get("/flows/diff?a=current&b=draft-1")
    assert re.search(r"diff-removed.*en: Sorry,", shown)
    assert re.search(r"diff-added.*en: So sorry,", shown)
    assert hotline.flows.current.revision == draft
    assert sun.post("/flows/drafts/1/publish", note="kinder", version="2").location == "/flows"
    assert hotline.flows.current.revision != draft
    overview = sun.get("/flows")
    assert "kinder" in overview
    assert "Publication 2" in overview
    with database.reading() as rows:
        made = publishing.current_publication(rows)
        assert made is not None
        assert (made.author, made.note, made.origin.value) == ("sun", "kinder", "draft")
        assert flow_drafts.draft(rows, 1).status is DraftStatus.PUBLISHED
    assert "published" in sun.get("/flows/drafts/1")
    refused = sun.post("/flows/drafts/1/files", name="main.yaml", text="x", version="2")
    assert refused.status_code == 422
    assert "published already" in refused.text


def test_what_was_published_is_rolled_back_with_a_reason(sun: Browser, hotline: Hotline, draft: str) -> None:
    sun.post("/flows/drafts/1/publish", note="kinder", version="2")
    assert "Roll back to publication 1" in sun.get("/flows/diff?a=current&b=1")
    for form in ({"note": "x"}, {"sure": "yes"}):
        assert "b=1" in sun.post("/flows/rollback", to="1", **form).location
    assert hotline.flows.current.revision != draft
    sun.post("/flows/rollback", to="1", note="too kind", sure="yes")
    assert hotline.flows.current.revision == draft
    assert "too kind" in sun.get("/flows")
    sun.post("/flows/rollback", to="1", note="again", sure="yes")
    assert "already" in sun.get("/flows")
    assert sun.post("/flows/rollback", to="77", note="x", sure="yes").status_code == 404


def test_faults_stand_at_their_lines_and_keep_it_from_being_published(
    sun: Browser, hotline: Hotline, draft: str
) -> None:
    save(sun, "extra.yaml", "flow: extra\nnodes:\n  a:\n    say: nothing_of_the_kind\n", 2)
    page = sun.get("/flows/drafts/1")
    assert "extra.yaml:4" in page
    assert 'data-faults="4' in page
    assert "nothing_of_the_kind" in page
    assert "cannot be published" in page
    answer = sun.post("/flows/drafts/1/publish", note="x", version="3")
    assert answer.status_code == 422
    assert hotline.flows.current.revision == draft
    sun.post("/flows/drafts/1/remove", name="extra.yaml", version="3")
    assert "no faults" in sun.get("/flows/drafts/1")


def test_two_who_edit_at_once_lose_nothing(sun: Browser, app: Flask, database: Database, draft: str) -> None:
    admin = Browser(app.test_client())
    admin.sign_in("admin")
    assert save(admin, "main.yaml", "flow: main", 2).status_code == 303  # type: ignore[attr-defined]
    late = save(sun, "shared.yaml", "what sun wrote", 2)
    assert late.status_code == 422  # type: ignore[attr-defined]
    assert "admin saved this draft meanwhile" in late.text  # type: ignore[attr-defined]
    assert "what sun wrote" in late.text  # type: ignore[attr-defined]
    assert "what sun wrote" not in files(database)["shared.yaml"]
    assert sun.post("/flows/drafts/1/publish", note="x", version="2").status_code == 422
    assert sun.post("/flows/drafts/1/files", name="main.yaml", text="x").status_code == 422  # says no version


def test_files_are_uploaded_as_a_new_draft_or_into_one(sun: Browser, database: Database) -> None:
    token = re.search(r'name="csrf_token" value="([^"]+)"', sun.get("/flows"))
    assert token

    def upload(path: str, name: str, content: bytes, **form: str) -> object:
        data = {"csrf_token": token[1], "files": (io.BytesIO(content), name), **form}
        return sun.client.post(path, data=data, content_type="multipart/form-data")

    made = upload("/flows/drafts", "..\\evil/more.yaml", "\ufeffflow: more\r\n".encode())
    assert made.status_code == 303  # type: ignore[attr-defined]
    assert files(database)["more.yaml"] == "flow: more\n"
    assert "main.yaml" in files(database)
    upload("/flows/drafts/1/upload", "two.yaml", b"flow: two", version="1")
    assert files(database)["two.yaml"] == "flow: two"
    for name, content in (("x.yaml", b"\xff\xfe"), ("x.exe", b"x"), (".yaml", b"x")):
        answer = upload("/flows/drafts/1/upload", name, content, version="2")
        assert answer.status_code in (400, 422), name  # type: ignore[attr-defined]
    assert "x.yaml" not in files(database)


def test_a_draft_is_discarded(sun: Browser, draft: str) -> None:
    sun.post("/flows/drafts/1/discard", version="2")
    assert "discarded" in sun.get("/flows/drafts/1")
    assert "Draft 1" not in sun.get("/flows/state")


@pytest.mark.parametrize("path", LOOKING)
def test_agents_look(mei: Browser, draft: str, path: str) -> None:
    page = mei.get(path)
    for form in (
        "/rollback",
        "/publish",
        "/files",
        "/upload",
        "/remove",
        "/discard",
        'action="/storm"',
        '/flows/drafts"',
    ):
        assert f'action="{form}' not in page
        assert not re.search(rf'action="[^"]*{re.escape(form)}"', page)


@pytest.mark.parametrize(("path", "form"), CHANGING)
def test_agents_and_strangers_change_nothing(
    app: Flask, mei: Browser, hotline: Hotline, database: Database, draft: str, path: str, form: dict[str, str]
) -> None:
    before = files(database)
    assert mei.post(path, **form).status_code == 403
    stranger = Browser(app.test_client())
    answer = stranger.post(path, **form)
    assert answer.status_code == 302
    assert "/sign-in" in answer.location
    assert files(database) == before
    assert hotline.flows.current.revision == draft
    with database.reading() as rows:
        assert flow_drafts.draft(rows, 1).status is DraftStatus.OPEN
        assert len(flow_drafts.drafts(rows)) == 1


@pytest.mark.parametrize(("path", "form"), CHANGING)
def test_every_change_needs_the_token_of_a_page(sun: Browser, draft: str, path: str, form: dict[str, str]) -> None:
    assert sun.client.post(path, data=form).status_code == 400


@pytest.mark.parametrize(
    "path",
    ["/flows/drafts/9", "/flows/publications/9", "/flows/publications/1?file=no.yaml", "/flows/diff?a=9",
     "/flows/diff?b=draft-9",
     "/flows/diff?a=draft-" + "9" * 20],
)  # fmt: skip
def test_what_is_not_there_is_said_to_be_so(sun: Browser, path: str) -> None:
    assert sun.client.get(path).status_code == 404


def test_the_history_is_asked_for_again_only_when_it_changed(sun: Browser, draft: str) -> None:
    page = sun.get("/flows")
    found = re.search(r'hx-get="(/flows/state\?version=\w+)"', page)
    assert found
    assert sun.client.get(found[1]).status_code == 204
    sun.post("/flows/drafts/1/publish", note="kinder", version="2")
    assert "kinder" in sun.get(found[1])


def test_what_authors_write_is_shown_as_text(sun: Browser, draft: str) -> None:
    save(sun, "shared.yaml", "</textarea><script>alert(1)</script>", 2)
    for path in ("/flows/drafts/1?file=shared.yaml", "/flows/diff?a=1&b=draft-1"):
        assert "<script>alert" not in sun.get(path)


# ------------------------------------------------------------------------------------------ storm mode


def test_a_supervisor_switches_storm_mode_and_every_page_says_so(
    sun: Browser, mei: Browser, database: Database
) -> None:
    assert "Storm mode is on" not in mei.get("/desk")
    sun.post("/storm", storm="on", reason="typhoon", sure="yes")
    for page in ("/desk", "/calls", "/flows", "/desk/tickets/1"):
        assert "typhoon" in mei.get(page)
    assert "sun" in mei.get("/storm/banner")
    sun.post("/storm", storm="off", sure="yes")
    assert "typhoon" not in mei.get("/desk")
    assert "typhoon" in mei.get("/flows")  # in the history


@pytest.mark.parametrize(
    "form",
    [{"reason": "typhoon"}, {"sure": "yes"}, {"sure": "yes", "reason": " "}, {"sure": "yes", "reason": "x" * 501}],
)
def test_it_is_switched_on_with_a_reason_and_a_tick(sun: Browser, form: dict[str, str]) -> None:
    answer = sun.post("/storm", storm="on", **form)
    assert answer.status_code == 303
    assert "Nothing was changed" in sun.get("/flows")
    assert "Storm mode is on" not in sun.get("/desk")


def test_a_stranger_s_page_does_not_tell_of_it(app: Flask, sun: Browser) -> None:
    sun.post("/storm", storm="on", reason="typhoon", sure="yes")
    assert "typhoon" not in Browser(app.test_client()).get("/sign-in")


def test_the_banner_comes_and_goes_by_itself(sun: Browser, mei: Browser) -> None:
    page = mei.get("/desk")
    found = re.search(r'hx-get="(/storm/banner\?version=\w+)"', page)
    assert found
    assert mei.client.get(found[1]).status_code == 204
    sun.post("/storm", storm="on", reason="typhoon", sure="yes")
    assert "typhoon" in mei.get(found[1])
