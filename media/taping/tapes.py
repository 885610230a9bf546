"""The tapes of one media process: taken to the disk once a second, in threads, and closed when their calls are over."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from typing import Any, Final, TypeVar

import structlog

from database import Database
from media.taping.live_lines import LiveLines
from media.taping.spans import Spans
from media.taping.tape import Block, CallTape, SaidLine
from media.taping.tape_file import GoneOn, LeftOut, TapeFile, adopt_recordings
from media.taping.transcripts import Transcripts
from media.tasks import Tasks
from recording_store import RecordingStore
from settings import Settings

log = structlog.get_logger("recordings")
Result = TypeVar("Result")
EVERY_S: Final = 1.0
THREADS: Final = 2
ADOPT_EVERY_S: Final = 60.0
GRACE: Final = timedelta(minutes=2)
MOST_LINES: Final = 5_000
LAST_PAUSES_S: Final = (1.0, 2.0, 3.0)


@dataclass(slots=True)
class _Reel:
    """A tape with its file."""

    tape: CallTape
    file: TapeFile | None = None
    unwritten: Block | None = None  # handed out by the tape, and not in the file yet
    writing: asyncio.Task[None] | None = None
    failing: bool = False
    come_back: asyncio.Task[None] | None = None


@dataclass(slots=True)
class Tapes:
    """Made inside the running loop. `lines`: where live lines go. `gateway`: this process's name in the rows."""

    settings: Settings
    database: Database
    clock: Callable[[], datetime]
    gateway: str
    lines: LiveLines
    store: RecordingStore = field(init=False)
    _reels: dict[str, _Reel] = field(init=False, default_factory=dict)
    _closing: Tasks = field(init=False, default_factory=Tasks)
    _lines: list[tuple[str, SaidLine]] = field(init=False, default_factory=list)
    _threads: ThreadPoolExecutor = field(init=False)

    def __post_init__(self) -> None:
        self.store = RecordingStore.of(self.settings)
        self._threads = ThreadPoolExecutor(THREADS, "tapes")

    def of(self, call_id: str) -> CallTape:
        """The tape of a call that is carried: the same one again while the call is up."""
        reel = self._reels.get(call_id)
        if reel is None:
            reel = self._reels[call_id] = _Reel(
                CallTape(call_id, keeps=self.settings.recordings.calls, tell=self.lines.tell)
            )
        return reel.tape

    def come_back(self, call_id: str) -> None:
        """The call was up before: when another process has begun its recording, that goes on."""
        reel = self._reels.get(call_id)
        if reel is not None and reel.tape.begun_at is None and reel.come_back is None:
            reel.come_back = asyncio.create_task(self._gone_on(reel))

    def over(self, call_id: str) -> None:
        """The call has ended: its recording is finished in the background."""
        reel = self._reels.pop(call_id, None)
        if reel is not None:
            self._lines += [(call_id, line) for line in reel.tape.lines]
            reel.tape.lines = []
            self._start(self._finish(reel, self._now()))

    def left(self, call_id: str) -> None:
        """The call goes on without this process, and may come back to it: its recording is left as at the end of one,
        to be gone on with by whoever has the call next, or finished when it is over."""
        reel = self._reels.pop(call_id, None)
        if reel is not None:
            self._lines += [(call_id, line) for line in reel.tape.lines]
            reel.tape.lines = []
            self._start(self._left(reel, self._now()))

    @property
    def held(self) -> int:
        """Tapes of calls that are carried here, or waited for."""
        return len(self._reels)

    @property
    def settled(self) -> bool:
        """Nothing is being written or finished."""
        return not self._closing and all(reel.writing is None or reel.writing.done() for reel in self._reels.values())

    # --- the process

    async def adopt(self) -> None:
        """At the start of a process: recordings that a dead one has left, of calls that are over, are finished."""
        await self._adopt(all_days=True)

    async def serve(self) -> None:
        """Until cancelled."""
        adopt_at = self._now() + ADOPT_EVERY_S
        telling = asyncio.create_task(self.lines.serve())
        try:
            while True:
                await asyncio.sleep(EVERY_S)
                self.turn()
                await self._keep_lines()
                if self._now() >= adopt_at:
                    adopt_at = self._now() + ADOPT_EVERY_S
                    self._start(self._adopt(all_days=False))
        finally:
            telling.cancel()

    def turn(self) -> None:
        """One round: every tape whose last block is on the disk hands out the next."""
        now = self._now()
        for reel in self._reels.values():
            if reel.writing is None or reel.writing.done():
                reel.writing = asyncio.create_task(self._write(reel, now))
            elif (dropped_s := reel.tape.trim(now)) > 0:
                self._failing(reel, f"the disk is too slow, {dropped_s:.1f} s were dropped")

    async def close(self) -> None:
        """The process goes, its calls stay up: what they have said so far is kept, and the next process goes on."""
        now = self._now()
        reels, self._reels = list(self._reels.values()), {}
        for reel in reels:
            self._lines += [(reel.tape.call_id, line) for line in reel.tape.lines]
        await asyncio.gather(
            *(self._leave(reel, now) for reel in reels), self._closing.settled(), return_exceptions=True
        )
        await self._keep_lines()
        await asyncio.get_running_loop().run_in_executor(None, self._threads.shutdown)

    # --- inside

    async def _write(self, reel: _Reel, now: float, *, all_of_it: bool = False) -> None:
        """What cannot be written is tried again for a while; then it is gone, and the row says so."""
        while (block := reel.unwritten or reel.tape.take(now, all_of_it=all_of_it)) is not None:
            reel.unwritten = block
            try:
                await self._run(self._file(reel).write, block, self._left_out(reel))
            except Exception as error:  # noqa: BLE001 - a full disk, a database away: the call goes on
                self._failing(reel, f"{type(error).__name__}: {error}"[:300])
                if reel.tape.gone_by(block, now):
                    reel.unwritten = None
                return
            reel.unwritten = None
            if reel.failing:
                reel.failing = False
                log.info("recording_goes_on", call=reel.tape.call_id)

    async def _finish(self, reel: _Reel, ended: float) -> None:
        """A disk that is full, or a database that is away, as the call ends is waited for a little."""
        await self._written(reel)
        for pause_s in (*LAST_PAUSES_S, None):
            await self._write(reel, ended, all_of_it=True)
            if reel.file is None:
                return
            if reel.unwritten is None or pause_s is None:
                try:
                    await self._run(reel.file.finish, self._left_out(reel))
                except Exception as error:  # noqa: BLE001 - what is not finished here, `adopt` finishes
                    self._failing(reel, f"{type(error).__name__}: {error}"[:300])
                else:
                    return
            if pause_s is not None:
                await asyncio.sleep(pause_s)
            else:
                reel.file.close()

    async def _leave(self, reel: _Reel, now: float) -> None:
        await self._written(reel)
        await self._write(reel, now, all_of_it=True)
        if reel.file is not None:
            await self._run(reel.file.leave, self._left_out(reel))

    async def _left(self, reel: _Reel, now: float) -> None:
        try:
            await self._leave(reel, now)
        except Exception as error:  # noqa: BLE001 - the sound is in the file; what was left out of it is not in the row
            self._failing(reel, f"{type(error).__name__}: {error}"[:300])

    async def _written(self, reel: _Reel) -> None:
        for work in (reel.come_back, reel.writing):
            if work is not None:
                await asyncio.gather(work, return_exceptions=True)

    async def _gone_on(self, reel: _Reel) -> None:
        """Until it is known, sound is not kept."""
        tape = reel.tape
        try:
            found: GoneOn | None = await self._run(
                TapeFile.going_on, self.store, self.database, self.clock, tape.call_id
            )
        except Exception as error:  # noqa: BLE001 - the call is not recorded any more, and goes on
            self._failing(reel, f"{type(error).__name__}: {error}"[:300])
            return
        if found is None:
            return
        if tape.begun_at is not None:  # the notice was said anew meanwhile: that is a recording of its own
            found.file.close()
        else:
            reel.file = found.file
            left_out = found.left_out
            tape.go_on(self._now() - found.age_s, found.samples, Spans(left_out.pauses), Spans(left_out.gaps))

    async def _keep_lines(self) -> None:
        for reel in self._reels.values():
            self._lines += [(reel.tape.call_id, line) for line in reel.tape.lines]
            reel.tape.lines = []
        if not self._lines:
            return
        said, self._lines = self._lines, []
        try:
            await self._run(Transcripts(self.database, self.clock).keep, said, self._now())
        except Exception as error:  # noqa: BLE001 - tried again with the next ones
            self._lines = (said + self._lines)[-MOST_LINES:]
            log.warning(
                "transcript_not_kept_yet", lines=len(self._lines), error=f"{type(error).__name__}: {error}"[:300]
            )

    async def _adopt(self, *, all_days: bool) -> None:
        try:
            await self._run(
                adopt_recordings, self.store, self.database, self.clock(), mine=self.gateway if all_days else "",
                all_days=all_days, grace=GRACE,
            )  # fmt: skip
        except Exception:
            log.exception("recordings_not_adopted")

    def _file(self, reel: _Reel) -> TapeFile:
        if reel.file is None:
            tape = reel.tape
            assert tape.begun_at is not None
            begun = self.clock() - timedelta(seconds=self._now() - tape.begun_at)
            reel.file = TapeFile(self.store, self.database, self.clock, tape.call_id, begun)
        return reel.file

    def _left_out(self, reel: _Reel) -> LeftOut:
        tape = reel.tape
        return LeftOut(tape.pauses.milliseconds(tape.taken), tape.gaps.milliseconds(tape.taken))

    def _failing(self, reel: _Reel, why: str) -> None:
        if not reel.failing:
            reel.failing = True
            log.error("recording_has_gaps", call=reel.tape.call_id, error=why)

    def _start(self, work: Coroutine[Any, Any, None]) -> None:
        self._closing.start(work)

    async def _run(self, function: Callable[..., Result], *arguments: Any, **named: Any) -> Result:
        return await asyncio.get_running_loop().run_in_executor(self._threads, partial(function, *arguments, **named))

    def _now(self) -> float:
        return asyncio.get_running_loop().time()
