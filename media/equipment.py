"""What every call of a media process is made with, whatever its channel: made once by each process."""

from __future__ import annotations

from media.call_tools import CallTools
from media.hearing import ear_pools
from media.own_words import OwnWords
from media.parts import GatewayParts, Threads
from media.rendering import Renderer
from media.rooms.floor import Floor
from media.rows import Rows
from media.session import MediaSession
from media.taping import LiveLines, Tapes


def call_tools(parts: GatewayParts, rows: Rows, threads: Threads, gateway: str) -> tuple[CallTools, Floor]:
    """Of the process named `gateway`, and the floor where its calls meet the staff. Made inside the running loop."""
    ears = ear_pools(parts, threads)
    renderer = Renderer(parts, threads)
    own_words = OwnWords(parts.runner.flows)
    floor = Floor(parts, rows, renderer, gateway, own_words.say)
    tools = CallTools(
        rows=rows,
        renderer=renderer,
        ears=ears,
        new_session=lambda: MediaSession(
            hears=ears.__contains__,
            endpointers=parts.endpointers,
            own_say=own_words.say,
            one_moment_s=parts.settings.speech.one_moment_s,
        ),
        turn_tries=parts.limits.turn_tries,
        floor=floor,
        transfer_number=parts.settings.utility.transfer_number,
        tapes=Tapes(parts.settings, parts.database, parts.clock, gateway, LiveLines(parts.redis_url)),
    )
    return tools, floor
