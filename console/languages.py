"""The language of the pages: whose it is, and the catalogs, compiled into the home because .mo files are not kept."""

from __future__ import annotations

import hashlib
import os
from io import BytesIO
from pathlib import Path
from typing import Final

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from flask import Flask, has_request_context, request
from flask_babel import Babel, get_locale

from console.current import settings
from console.sessions import signed_in

COOKIE: Final = "hotline_language"
NAMES: Final = {"en": "English", "zh-CN": "简体中文"}
_SOURCE = Path(__file__).parent / "translations"


def init_languages(app: Flask, *, home: Path, languages: tuple[str, ...], time_zone: str) -> None:
    compiled = home / "cache" / "translations"
    compile_catalogs(_SOURCE, compiled)
    Babel(
        app,
        default_locale=_locale_name(languages[0]),
        default_timezone=time_zone,
        default_translation_directories=str(compiled),
        locale_selector=lambda: _locale_name(language()),
    )
    app.jinja_env.globals.update(language=language, language_names=_offered)


def language() -> str:
    """Tag of the language this request is answered in: the user's, the cookie's, the browser's, the first offered."""
    offered = settings().console.languages
    if not has_request_context():
        return offered[0]
    user = signed_in()
    for wish in (user.language if user else None, request.cookies.get(COOKIE)):
        if wish in offered:
            return wish
    return request.accept_languages.best_match(offered) or _by_main_language(offered) or offered[0]


def language_name(tag: str) -> str:
    """A language's name in the language of the page: "Chinese", "中文"."""
    from babel import Locale, UnknownLocaleError

    try:
        return str(Locale.parse(tag, sep="-").get_language_name(get_locale()) or tag)
    except (UnknownLocaleError, ValueError):
        return tag


def compile_catalogs(source: Path, target: Path) -> None:
    """Compiles each .po whose text has changed. Several processes may do so at once: each replaces whole files."""
    for catalog in source.glob("*/LC_MESSAGES/messages.po"):
        text = catalog.read_bytes()
        digest = hashlib.sha256(text).hexdigest()
        machine = target / catalog.relative_to(source).with_suffix(".mo")
        stamp = machine.with_suffix(".sha256")
        if machine.exists() and stamp.exists() and stamp.read_text() == digest:
            continue
        machine.parent.mkdir(parents=True, exist_ok=True)
        made = BytesIO()
        write_mo(made, read_po(BytesIO(text), locale=catalog.parent.parent.name))
        _replace(machine, made.getvalue())
        _replace(stamp, digest.encode())


def _replace(path: Path, content: bytes) -> None:
    fresh = path.with_name(f"{path.name}.{os.getpid()}")
    fresh.write_bytes(content)
    fresh.replace(path)


def _by_main_language(offered: tuple[str, ...]) -> str | None:
    """ "zh" or "zh-TW" asked for, "zh-CN" offered: nearer than English."""
    for wish in request.accept_languages.values():
        for tag in offered:
            if tag.partition("-")[0] == wish.partition("-")[0].lower():
                return tag
    return None


def _locale_name(tag: str) -> str:
    return tag.replace("-", "_")


def _offered() -> list[tuple[str, str]]:
    return [(tag, NAMES.get(tag, tag)) for tag in settings().console.languages]
