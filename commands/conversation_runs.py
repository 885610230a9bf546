"""The conversations beside a folder of flows, read and played; for the command and for whoever tests with them."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from fnmatch import fnmatch
from pathlib import Path
from time import perf_counter
from zoneinfo import ZoneInfo

from structlog.testing import capture_logs

from app import signatures
from commands.demo_house import DemoHouse
from ivr.conversations.lines import Line, OpenLine, StubbedLine
from ivr.conversations.reading import Surroundings, read_conversations
from ivr.conversations.steps import Conversation
from ivr.conversations.talk import Result, play
from ivr.conversations.updating import updated
from ivr.flow import FlowSet
from ivr.flow_store import read_files
from ivr.loader import load
from ivr.runner import limits_of
from ivr.values import Signature
from settings import Settings

TESTS = "tests"  # the folder beside the flows


@dataclass(frozen=True, slots=True)
class Bench:
    """Flows, and what their conversations are played against. `files`: the flows, name -> text."""

    settings: Settings
    folder: Path
    files: Mapping[str, str]
    flows: FlowSet
    services: Mapping[str, Signature]

    @staticmethod
    def of(settings: Settings, folder: Path) -> Bench:
        """Raises FileNotFoundError where there are no flows, ivr.loader.FlowError with every fault of them."""
        services = signatures(settings)
        files = read_files(folder)
        names = settings.utility.name
        flows = load(files, services, tuple(names), names, settings.utility.region)
        return Bench(settings, folder, files, flows, services)

    def conversations(self) -> list[Conversation]:
        """In the order of their files. Raises ConversationError with every fault."""
        texts = {shown(path): path.read_text(encoding="utf-8") for path in self.test_files()}
        utility = self.settings.utility
        around = Surroundings(
            self.flows,
            self.services,
            flow=self.settings.callflows.entry,
            hotline_number=utility.hotline_number,
            language=utility.default_language,
        )
        return read_conversations(texts, around)

    def test_files(self) -> list[Path]:
        return sorted((self.folder / TESTS).glob("*.yaml"))

    @contextmanager
    def lines(self) -> Iterator[OpenLine]:
        """Opens the line a conversation asks for; the demo database is made when the first one wants it."""
        zone = ZoneInfo(self.settings.utility.time_zone)
        limits = limits_of(self.settings)
        # What the house logs of a call is not what a test is read for.
        with tempfile.TemporaryDirectory(prefix="hotline-test-") as folder, capture_logs():
            house = DemoHouse(self.settings, self.files, Path(folder))

            def open_line(conversation: Conversation) -> Line:
                if conversation.setting.real:
                    return house.open(conversation)
                return StubbedLine(self.flows, self.services, conversation, zone, limits)

            yield open_line

    def play(self, conversations: Sequence[Conversation], *, update: bool = False) -> Iterator[tuple[Result, float]]:
        """Each with the seconds it took."""
        with self.lines() as open_line:
            for conversation in conversations:
                began = perf_counter()
                result = play(conversation, open_line, self.services, update=update)
                yield result, perf_counter() - began

    def write_down(self, conversations: Sequence[Conversation]) -> list[Path]:
        """Plays them, and writes what was heard into their files where it is another text. Gives the files changed."""
        new = [text for result, _ in self.play(conversations, update=True) for text in result.new_texts]
        changed = []
        for path in self.test_files():
            before = path.read_text(encoding="utf-8")
            after = updated(before, (text for text in new if text.place.file == shown(path)))
            if after != before:
                path.write_text(after, encoding="utf-8")
                changed.append(path)
        return changed


def shown(path: Path) -> str:
    """As short as it can be opened from here."""
    here = Path.cwd()
    return str(path.relative_to(here)) if path.is_relative_to(here) else str(path)


def is_chosen(test: Conversation, pattern: str) -> bool:
    return fnmatch(f"{test.place.file} {test.name}".casefold(), f"*{pattern.casefold()}*")
