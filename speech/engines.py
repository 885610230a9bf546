"""Which recognisers there are: those of the hotline, and any installed package that offers one.

A package offers a recogniser by an entry point of the group `hotline.recognizers`. It names a class or a function
that is called with the language and its `RecognizerChoice` and answers a `speech.recognizers.Recognizer`, or raises
`RecognizerUnavailable` with what is missing. It is called once a language, in a process of its own
(`speech.recognizer_worker`); what it answers is copied by forking, so that a model is in memory once.
"""

from __future__ import annotations

from collections.abc import Callable
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path

from speech.models import ModelError, is_model
from speech.models import installed as installed_model
from speech.recognizers import NO_ENGINE, Recognizer, RecognizerChoice, RecognizerUnavailable

GROUP = "hotline.recognizers"
Engine = Callable[[str, RecognizerChoice], Recognizer]


def _pocketsphinx(language: str, choice: RecognizerChoice) -> Recognizer:
    _only_english(language, choice)
    from speech.pocketsphinx_recognizer import PocketSphinxRecognizer

    return PocketSphinxRecognizer()


def _vosk(language: str, choice: RecognizerChoice) -> Recognizer:
    model = _vosk_model(language, choice)
    from speech.vosk_recognizer import VoskRecognizer, decoys_of, load_model

    return VoskRecognizer(load_model(model), decoys_of(model))


def _only_english(language: str, choice: RecognizerChoice) -> None:
    if language.split("-")[0].lower() != "en" or choice.model is not None:
        raise RecognizerUnavailable(
            f"pocketsphinx hears English only, with the model in its own package; for {language!r} set "
            f"`engine: vosk` under speech.recognizers.{language} (docs/operating.md)"
        )


def _vosk_model(language: str, choice: RecognizerChoice) -> Path:
    if choice.model is None:
        raise RecognizerUnavailable(
            f"no Vosk model is there for {language!r}: `hotline speech models pull {language}` gets one, or name the "
            f"folder of one as speech.recognizers.{language}.model in config.yaml"
        )
    return choice.model


# Imported when chosen: each engine costs a tenth of a second and tens of megabytes.
_OWN: dict[str, Engine] = {"pocketsphinx": _pocketsphinx, "vosk": _vosk}


def installed() -> tuple[str, ...]:
    """The names that `engine` may have, in order; imports none of them."""
    offered = {entry.name for entry in entry_points(group=GROUP)}
    return (*_OWN, *sorted(offered - _OWN.keys() - {NO_ENGINE}))


def unknown(name: str) -> str | None:
    """What is wrong with `name` as an engine: None where it is installed, or "none"."""
    names = installed()
    if name == NO_ENGINE or name in names:
        return None
    return (
        f"there is no recogniser {name!r}; installed are {', '.join(names)} (and {NO_ENGINE}: keypad only). Another "
        f"is a package with an entry point in the group {GROUP}"
    )


def engine(name: str) -> Engine:
    """The engine of that name. One of the hotline's own wins over a package's. Raises RecognizerUnavailable."""
    own = _OWN.get(name)
    if own is not None:
        return own
    fault = unknown(name)
    if fault is not None:
        raise RecognizerUnavailable(fault)
    found: tuple[EntryPoint, ...] = tuple(entry_points(group=GROUP, name=name))
    if not found:
        raise RecognizerUnavailable(f"{name!r} is no recogniser: it stands for keypad only")
    try:
        loaded: Engine = found[0].load()
    except Exception as error:  # whatever a package does when it is imported
        package = found[0].dist.name if found[0].dist else "its package"
        raise RecognizerUnavailable(
            f"the recogniser {name!r} of {package} cannot be imported ({type(error).__name__}: {error}): "
            "install it again"
        ) from error
    return loaded


def chosen(language: str, engine: str, *, model: Path | None, models: Path, size: int = 2) -> RecognizerChoice:
    """What is configured: Vosk without the folder of a model takes the one that was pulled into `models`.

    Raises RecognizerUnavailable where it cannot tell which of several.
    """
    if engine == "vosk" and model is None:
        try:
            model = installed_model(models, language)
        except ModelError as problem:
            raise RecognizerUnavailable(str(problem)) from problem
    return RecognizerChoice(engine, model, size)


def check(language: str, choice: RecognizerChoice) -> str:
    """What hears, in a few words. Raises RecognizerUnavailable for what can be told without loading a model."""
    made = engine(choice.engine)
    if made is _pocketsphinx:
        _only_english(language, choice)
        return "pocketsphinx, with the English model of its package"
    if made is _vosk:
        model = _vosk_model(language, choice)
        if not is_model(model):
            raise RecognizerUnavailable(
                f"there is no Vosk model in {model}: mend speech.recognizers.{language}.model, or leave it out and "
                f"`hotline speech models pull {language}`"
            )
        return f"vosk, {model.name}"
    return choice.engine


def open_recognizer(language: str, choice: RecognizerChoice) -> Recognizer:
    """One in this process, for checks and measurements; calls are heard by `speech.recognizer_process`.

    Raises RecognizerUnavailable.
    """
    made = engine(choice.engine)
    try:
        return made(language, choice)
    except RecognizerUnavailable:
        raise
    except Exception as error:
        raise RecognizerUnavailable(
            f"the recogniser {choice.engine!r} cannot be loaded for {language!r} ({type(error).__name__}: {error})"
        ) from error
