from __future__ import annotations

import re
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po
from flask import Flask

import console
from accounts.demo import DEMO_CALLERS
from console.languages import compile_catalogs
from console.result_text import fits_language, quick_phrases
from models import TicketType
from tests.console.conftest import Browser

FOLDER = Path(console.__file__).parent
CATALOG = FOLDER / "translations" / "zh_Hans_CN" / "LC_MESSAGES" / "messages.po"
HAN = re.compile("[\u4e00-\u9fff]")


def catalog() -> Catalog:
    with CATALOG.open("rb") as file:
        return read_po(file, locale="zh_Hans_CN")


def asked() -> set[str]:
    keywords = {"_": None, "gettext": None, "lazy_gettext": None}
    methods = [("templates/**.html", "jinja2"), ("*.py", "python")]
    found = extract_from_dir(str(FOLDER), method_map=methods, keywords=keywords)
    return {message for _file, _line, message, _comments, _context in found if isinstance(message, str)}


def test_every_text_of_the_pages_is_in_the_chinese_catalog() -> None:
    there = {message.id: message.string for message in catalog() if message.id}
    assert len(asked()) > 200
    assert [text for text in sorted(asked()) if not there.get(text)] == []
    assert not any(message.fuzzy for message in catalog() if message.id)


def test_what_a_call_as_each_demo_customer_shows_is_said_in_chinese() -> None:
    there = {message.id: message.string for message in catalog() if message.id}
    assert [caller.about for caller in DEMO_CALLERS if not there.get(caller.about)] == []


def test_translations_keep_the_placeholders_and_are_translations() -> None:
    for message in catalog():
        if not message.id:
            continue
        placeholders = set(re.findall(r"%\(\w+\)[sd]", str(message.id)))
        assert set(re.findall(r"%\(\w+\)[sd]", str(message.string))) == placeholders, message.id
        assert HAN.search(str(message.string)), message.id


def test_chinese_is_punctuated_with_chinese_signs() -> None:
    narrow = re.compile("[\u4e00-\u9fff][,:;?!(]|[,:;?!)][\u4e00-\u9fff]")
    assert [message.id for message in catalog() if message.id and narrow.search(str(message.string))] == []


def test_catalogs_are_compiled_when_stale_only(tmp_path: Path) -> None:
    source, target = tmp_path / "source" / "zh_Hans_CN" / "LC_MESSAGES", tmp_path / "target"
    source.mkdir(parents=True)
    (source / "messages.po").write_text('msgid ""\nmsgstr ""\n\nmsgid "Desk"\nmsgstr "工作台"\n', encoding="utf-8")
    compile_catalogs(tmp_path / "source", target)
    machine = target / "zh_Hans_CN" / "LC_MESSAGES" / "messages.mo"
    first = machine.read_bytes()
    machine.write_bytes(b"left alone")
    compile_catalogs(tmp_path / "source", target)
    assert machine.read_bytes() == b"left alone"
    (source / "messages.po").write_text('msgid ""\nmsgstr ""\n\nmsgid "Desk"\nmsgstr "桌"\n', encoding="utf-8")
    compile_catalogs(tmp_path / "source", target)
    assert machine.read_bytes() not in (first, b"left alone")
    assert "桌".encode() in machine.read_bytes()


def test_the_browser_s_language_counts_until_somebody_chooses(app: Flask) -> None:
    browser = Browser(app.test_client())
    english = browser.get("/sign-in", headers={"Accept-Language": "en-GB,en;q=0.9"})
    assert '<html lang="en"' in english
    for wish in ("zh-CN,zh;q=0.9", "zh", "zh-TW"):
        chinese = browser.get("/sign-in", headers={"Accept-Language": wish})
        assert '<html lang="zh-CN"' in chinese
        assert "用户名" in chinese
        assert "滨江供电" in chinese
    assert browser.post("/preferences", language="zh-CN", back="/sign-in").location == "/sign-in"
    assert "用户名" in browser.get("/sign-in", headers={"Accept-Language": "en"})


def test_a_user_s_language_goes_with_the_user(app: Flask) -> None:
    li = Browser(app.test_client())
    li.sign_in("li")
    assert "工作台" in li.get("/desk", headers={"Accept-Language": "en"})
    li.post("/preferences", language="en", back="/desk")
    elsewhere = Browser(app.test_client())
    elsewhere.sign_in("li")
    assert "<h1>Desk</h1>" in elsewhere.get("/desk", headers={"Accept-Language": "zh-CN"})


def test_themes_and_shortcuts_are_kept(mei: Browser) -> None:
    assert 'data-bs-theme="light"' in mei.get("/desk")
    assert 'data-shortcuts="on"' in mei.get("/desk")
    mei.post("/preferences", theme="dark")
    mei.post("/preferences", shortcuts="off")
    assert 'data-bs-theme="dark"' in mei.get("/desk")
    assert 'data-shortcuts="off"' in mei.get("/desk")
    mei.post("/sign-out")
    assert 'data-bs-theme="dark"' in mei.get("/sign-in")


def test_a_choice_that_is_not_offered_is_refused_and_back_stays_here(mei: Browser) -> None:
    assert mei.post("/preferences", language="tlh").status_code == 400
    assert mei.post("/preferences", theme="pink").status_code == 400
    assert mei.post("/preferences", theme="light", back="https://evil.example/").location == "/"


def test_a_result_in_another_language_is_noticed() -> None:
    assert fits_language("抢修已完成,您家已恢复供电。", "zh-CN")
    assert fits_language("3号楼 B 座 power meter 已更换完毕", "zh-CN")
    assert fits_language("12345", "zh-CN")
    assert fits_language("Your power is back in 文一路, Building 5, entrance B.", "en")
    assert not fits_language("Your power is back.", "zh-CN")
    assert not fits_language("已恢复供电。", "en")
    assert fits_language("Ihr Strom ist wieder da.", "de")


def test_ready_sentences_are_in_the_language_they_stand_under() -> None:
    for type_ in TicketType:
        for language in ("en", "zh-CN"):
            phrases = quick_phrases(type_, language)
            assert len(phrases) >= 3
            assert all(fits_language(phrase, language) for phrase in phrases)
            other = "en" if language == "zh-CN" else "zh-CN"
            assert not any(fits_language(phrase, other) for phrase in phrases)
    assert quick_phrases(TicketType.FAULT, "fr") == ()
