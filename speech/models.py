"""Vosk's models: which there are for a language, and which are here.

Pulled models are kept as <models folder>/<language>/<name of the model>, one a language; `speech.model_pull` gets them.
"""

from __future__ import annotations

import difflib
import re
from dataclasses import dataclass
from pathlib import Path

_LANGUAGE = re.compile(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*")
_NAME = re.compile(r"vosk-model-[A-Za-z0-9._-]{1,80}")


class ModelError(Exception):
    """A model cannot be found, got or removed: says why, and what to do."""


@dataclass(frozen=True, slots=True)
class Model:
    """`megabytes` of the archive, about. `sha256` where it is known for sure; else the model's site tells it."""

    language: str
    name: str
    megabytes: int
    large: bool = False
    sha256: str | None = None


# The maker's list, https://alphacephei.com/vosk/models. The first of a language is the one that is pulled; a large one
# understands more and wants a gigabyte and more of memory.
CATALOGUE: tuple[Model, ...] = (
    Model("en-US", "vosk-model-small-en-us-0.15", 40),
    Model("en-US", "vosk-model-en-us-0.22-lgraph", 128),
    Model("en-US", "vosk-model-en-us-0.22", 1800, large=True),
    Model("en-IN", "vosk-model-small-en-in-0.4", 36),
    Model("zh-CN", "vosk-model-small-cn-0.22", 42),
    Model("zh-CN", "vosk-model-cn-0.22", 1300, large=True),
    Model("ko", "vosk-model-small-ko-0.22", 82),
    Model("ca", "vosk-model-small-ca-0.4", 42),
    Model("cs", "vosk-model-small-cs-0.4-rhasspy", 44),
    Model("de", "vosk-model-small-de-0.15", 45),
    Model("eo", "vosk-model-small-eo-0.42", 42),
    Model("es", "vosk-model-small-es-0.42", 39),
    Model("fa", "vosk-model-small-fa-0.4", 47),
    Model("fr", "vosk-model-small-fr-0.22", 41),
    Model("hi", "vosk-model-small-hi-0.22", 42),
    Model("it", "vosk-model-small-it-0.22", 48),
    Model("ja", "vosk-model-small-ja-0.22", 48),
    Model("kk", "vosk-model-small-kz-0.15", 42),
    Model("nl", "vosk-model-small-nl-0.22", 39),
    Model("pl", "vosk-model-small-pl-0.22", 50),
    Model("pt", "vosk-model-small-pt-0.3", 31),
    Model("ru", "vosk-model-small-ru-0.22", 45),
    Model("tg", "vosk-model-small-tg-0.22", 50),
    Model("tr", "vosk-model-small-tr-0.3", 35),
    Model("uk", "vosk-model-small-uk-v3-nano", 73),
    Model("uz", "vosk-model-small-uz-0.22", 49),
    Model("vi", "vosk-model-small-vn-0.4", 32),
)


def wanted(language: str, *, large: bool = False, name: str | None = None) -> Model:
    """The model to pull for `language`: "zh-CN", or "en" for the first that is English. Raises ModelError.

    `name` is another of the maker's, also one that the catalogue does not have yet.
    """
    check_language(language)
    if name is not None:
        if not _NAME.fullmatch(name):
            raise ModelError(f"{name!r} is no name of a Vosk model: they begin with 'vosk-model-'")
        return next((model for model in CATALOGUE if model.name == name), Model(language, name, 0))
    for model in (model for model in CATALOGUE if model.large is large):
        if _same(model.language, language):
            return model
    for model in (model for model in CATALOGUE if model.large is large):
        if _kin(model.language, language):
            return model
    size = "large model" if large else "model"
    close = difflib.get_close_matches(language, {model.language for model in CATALOGUE}, n=1)
    hint = f" Did you mean {close[0]}?" if close else ""
    raise ModelError(
        f"there is no {size} for {language!r} in the list (`hotline speech models list`).{hint} "
        "One that is not listed can be named: --name vosk-model-..."
    )


def check_language(language: str) -> None:
    """Raises ModelError for what is no tag of a language: it names a folder."""
    if not _LANGUAGE.fullmatch(language):
        raise ModelError(f"{language!r} is no language: it is written like en, zh-CN or ko")


def is_model(folder: Path) -> bool:
    return any((folder / part).is_file() for part in ("am/final.mdl", "final.mdl"))


def pulled(folder: Path) -> dict[str, list[Path]]:
    """The models in the models folder, by the language they were pulled for."""
    found: dict[str, list[Path]] = {}
    for place in sorted(folder.iterdir()) if folder.is_dir() else ():
        if _LANGUAGE.fullmatch(place.name) and place.is_dir():
            models = sorted(model for model in place.iterdir() if is_model(model))
            if models:
                found[place.name] = models
    return found


def installed(folder: Path, language: str) -> Path | None:
    """The pulled model that hears `language`: its own, else one of the same language elsewhere ("en-US" for "en").

    Raises ModelError when there are several to choose from.
    """
    there = pulled(folder)
    for fits in (_same, _kin):
        models = [model for tag, found in there.items() if fits(tag, language) for model in found]
        if len(models) > 1:
            names = ", ".join(str(model) for model in models)
            raise ModelError(
                f"there are several models for {language!r}: {names}; remove all but one, or name one as "
                f"speech.recognizers.{language}.model"
            )
        if models:
            return models[0]
    return None


def _same(one: str, other: str) -> bool:
    return one.lower() == other.lower()


def _kin(one: str, other: str) -> bool:
    """The same language; a region counts only where both name one."""
    one, _, one_region = one.lower().partition("-")
    other, _, other_region = other.lower().partition("-")
    return one == other and not (one_region and other_region)
