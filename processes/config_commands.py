"""`hotline config`: is it right, what is in force, what is there to set."""

from __future__ import annotations

import types
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Union, get_args, get_origin

import click
import yaml
from pydantic import BaseModel, SecretStr
from pydantic.fields import FieldInfo

from settings import Place, Section, Settings

HEADER = """# Settings

Written in `config.yaml`, section by section; what is not said there has the default given here. Any of them may come
from the environment as well, which wins: `HOTLINE_<SECTION>__<KEY>`, for instance `HOTLINE_SERVER__PORT=8081`; lists
and mappings as YAML or JSON (`HOTLINE_SERVER__TRUSTED_PROXIES='[10.0.0.0/8]'`). Besides, `HOTLINE_CONFIG` names the
file, `HOTLINE_HOME` the home and `HOTLINE_SECRET_KEY` the key that signs sessions; `HOTLINE_LOG_LEVEL` is `INFO`
unless given.

`hotline config check` names every mistake with its line. `hotline config show` prints what is in force.

This page is made by `hotline config docs`.
"""


@click.group()
def config() -> None:
    """Check and show the configuration."""


@config.command()
@click.pass_obj
def check(place: Place) -> None:
    """Say what is wrong with the configuration, with line numbers. Exit status 2 when something is."""
    settings = place.settings()
    click.echo(f"The configuration is right. Home: {settings.home}")


@config.command()
@click.pass_obj
def show(place: Place) -> None:
    """Print every setting in force, secrets hidden."""
    shown = _plain(place.settings())
    click.echo(yaml.safe_dump(shown, allow_unicode=True, sort_keys=False), nl=False)


@config.command()
@click.option("--write", type=click.Path(path_type=Path, dir_okay=False), help="Write to this file.")
def docs(write: Path | None) -> None:
    """Print docs/settings.md."""
    text = reference()
    if write is None:
        click.echo(text, nl=False)
    else:
        write.write_text(text, encoding="utf-8")


def _plain(value: Any) -> Any:
    if isinstance(value, BaseModel):
        return {name: _plain(getattr(value, name)) for name in type(value).model_fields}
    if isinstance(value, SecretStr):
        return "********"
    if isinstance(value, dict):
        return {key: _plain(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(inner) for inner in value]
    return value if isinstance(value, bool | int | float | str) or value is None else str(value)


def reference() -> str:
    """docs/settings.md, from the sections."""
    parts = [HEADER, *_table("(top level)", "", Settings)]
    for name, field in Settings.model_fields.items():
        section = _section_of(field.annotation)
        if section is not None:
            parts += _table(name, name, section)
    return "\n".join(parts)


def _table(title: str, prefix: str, section: type[BaseModel]) -> Iterator[str]:
    rows = list(_rows(prefix, section))
    if rows:
        about = (section.__doc__ or "").strip() if issubclass(section, Section) and section is not Settings else ""
        yield f"## {title}\n"
        if about:
            yield f"{about}\n"
        yield "| setting | default | |\n|---|---|---|"
        yield from rows
        yield ""


def _rows(prefix: str, section: type[BaseModel]) -> Iterator[str]:
    for name, field in section.model_fields.items():
        key = f"{prefix}.{name}" if prefix else name
        inner = _section_of(field.annotation)
        if inner is not None and not prefix:
            continue  # a section of its own
        yield f"| `{key}` | {_default(field)} | {field.description} |"
        if inner is not None:
            keyed = f"{key}.<language>" if get_origin(field.annotation) is dict else key
            yield from _rows(keyed, inner)


def _section_of(annotation: Any) -> type[BaseModel] | None:
    """The section a field holds: itself, as an optional one, or as the values of a mapping."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    if get_origin(annotation) in (Union, types.UnionType, dict):
        return next((s for a in get_args(annotation) if (s := _section_of(a)) is not None), None)
    return None


def _default(field: FieldInfo) -> str:
    if field.is_required():
        return "required"
    value = field.default
    if value is None:
        return ""
    if isinstance(value, tuple):
        return f"`[{', '.join(str(item) for item in value)}]`" if value else "`[]`"
    return f"`{value}`"
