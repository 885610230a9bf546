"""What SDP says, as far as a telephone call needs it (RFC 4566, RFC 3264)."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from ipaddress import ip_address
from typing import Final

from aiosipua import MediaDescription, SdpMessage, parse_sdp

from media.codec import Codec

DTMF_TYPE: Final = 101  # payload type of telephone-event in our own offers

_PROFILES: Final = frozenset({"RTP/AVP", "RTP/AVPF"})
_DIRECTIONS: Final = ("sendrecv", "sendonly", "recvonly", "inactive")
_ANSWERED_WITH: Final = {"sendrecv": "sendrecv", "sendonly": "recvonly", "recvonly": "sendonly", "inactive": "inactive"}
_MAX_LINES: Final = 400
_PORT_COUNT = re.compile(rb"^(m=\S+ \d+)/\d+", re.MULTILINE)
_BOUNDARY = re.compile(r'boundary\s*=\s*(?:"([^"]{1,70})"|([^\s;"]{1,70}))', re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Offer:
    """What the far end can do and wants, from its offer or its answer.

    On hold it `sends` (music) or does not, and does not `receives`; its address may be 0.0.0.0 then.
    """

    address: tuple[str, int]  # where its sound is to go
    codecs: tuple[Codec, ...]  # in its order of liking; at least one
    dtmf_type: int | None  # payload type of telephone-event (RFC 4733); None: keys come in band or by INFO
    sends: bool = True
    receives: bool = True


@dataclass(frozen=True, slots=True)
class Line:
    """One m-line as it must be mirrored in an answer."""

    media: str
    protocol: str
    formats: str


@dataclass(frozen=True, slots=True)
class Description:
    """A far end's SDP: what it comes to, and its shape."""

    offer: Offer
    lines: tuple[Line, ...]
    audio: int  # which of the lines is the sound
    direction: str


class BadSdp(ValueError):
    """`status`: 400 it cannot be read, 415 it is no SDP, 488 there is nothing in it that we can do."""

    def __init__(self, status: int, reason: str) -> None:
        super().__init__(reason)
        self.status = status


def sdp_in(content_type: str | None, body: bytes) -> bytes | None:
    """The SDP of a message's body, also out of a multipart one (SIP-I trunks send ISUP beside it); None: no body."""
    if not body:
        return None
    kind, _, rest = (content_type or "").partition(";")
    kind = kind.strip().lower()
    if kind == "application/sdp":
        return body
    if not kind.startswith("multipart/"):
        raise BadSdp(415, f"a body of type {kind[:40] or 'unknown'}")
    boundary = _BOUNDARY.search(rest)
    if not boundary:
        raise BadSdp(400, "a multipart body without a boundary")
    for part in body.split(b"--" + (boundary[1] or boundary[2]).encode())[1:]:
        head, _, text = part.partition(b"\r\n\r\n")
        if re.search(rb"^content-type\s*:\s*application/sdp", head.strip(), re.IGNORECASE | re.MULTILINE):
            return text.removesuffix(b"\r\n")
    raise BadSdp(415, "no SDP in a multipart body")


def read_sdp(body: bytes) -> Description:
    if body.count(b"\n") > _MAX_LINES:
        raise BadSdp(400, f"SDP of more than {_MAX_LINES} lines")
    try:
        sdp = parse_sdp(_PORT_COUNT.sub(rb"\1", body).decode("utf-8", "replace"))
    except (ValueError, IndexError) as fault:
        raise BadSdp(400, f"SDP that cannot be read: {fault}"[:120]) from None
    if not body.startswith(b"v=0"):
        raise BadSdp(400, "SDP without v=0")
    if not sdp.media:
        raise BadSdp(488, "SDP without media")
    faults = []
    for index, media in enumerate(sdp.media):
        if media.media != "audio" or not media.port:
            continue
        try:
            direction = _direction(sdp, media)
            offer = _offer(sdp, media, direction)
        except BadSdp as fault:
            faults.append(fault)
            continue
        lines = tuple(Line(each.media, each.proto, " ".join(each.formats)) for each in sdp.media)
        return Description(offer, lines, index, direction)
    raise faults[0] if faults else BadSdp(488, "no sound is offered")


def _direction(sdp: SdpMessage, media: MediaDescription) -> str:
    for attributes in (media.attributes, sdp.attributes):
        for direction in _DIRECTIONS:
            if direction in attributes:
                return direction
    return "sendrecv"


def _offer(sdp: SdpMessage, media: MediaDescription, direction: str) -> Offer:
    if media.proto.upper() not in _PROFILES:
        raise BadSdp(488, f"sound by {media.proto[:30]} is not taken; encryption belongs on the border controller")
    connection = media.connection or sdp.connection
    if connection is None:
        raise BadSdp(400, "SDP without a connection address")
    if not 0 < media.port < 65536:
        raise BadSdp(400, "SDP with a port that cannot be")
    host = connection.address.partition("/")[0]
    try:
        address = ip_address(host)
    except ValueError:
        raise BadSdp(488, "SDP whose connection address is no IP address") from None
    if address.is_multicast:
        raise BadSdp(488, "sound to a multicast address")
    codecs: list[Codec] = []
    dtmf_type = None
    for codec in media.codecs:
        name = codec.encoding_name.upper()
        for known in Codec:
            if name == known.value and codec.payload_type == known.payload_type and known not in codecs:
                codecs.append(known)
        if name == "TELEPHONE-EVENT" and codec.clock_rate in (0, 8000) and dtmf_type is None:
            dtmf_type = codec.payload_type if 96 <= codec.payload_type <= 127 else None
    if not codecs:
        offered = ", ".join(codec.encoding_name or str(codec.payload_type) for codec in media.codecs)
        raise BadSdp(488, f"neither PCMU nor PCMA among {offered[:80]}")
    return Offer(
        (host, media.port),
        tuple(codecs),
        dtmf_type,
        sends=direction in ("sendrecv", "sendonly"),
        receives=direction in ("sendrecv", "recvonly") and not address.is_unspecified,
    )


def choose(offer: Offer, liked: tuple[Codec, ...]) -> Codec | None:
    """The best liked codec of those offered."""
    return next((codec for codec in liked if codec in offer.codecs), None)


@dataclass(frozen=True, slots=True)
class LocalSide:
    """Our end of the sound, as SDP tells it. `version` grows with every change (RFC 3264 section 8)."""

    host: str
    port: int
    session: int
    version: int = 1

    def next(self) -> LocalSide:
        return replace(self, version=self.version + 1)


def write_offer(local: LocalSide, codecs: tuple[Codec, ...], dtmf_type: int | None = DTMF_TYPE) -> bytes:
    return _written(local, [_audio(local, "RTP/AVP", codecs, dtmf_type, "sendrecv")])


def write_answer(local: LocalSide, theirs: Description, codec: Codec) -> bytes:
    """Every m-line has its like, in order; what is not the sound is refused with port 0 (RFC 3264 section 6)."""
    direction = _ANSWERED_WITH[theirs.direction]
    media = [f"m={line.media} 0 {line.protocol} {line.formats}" for line in theirs.lines]
    sound = theirs.lines[theirs.audio]
    media[theirs.audio] = _audio(local, sound.protocol, (codec,), theirs.offer.dtmf_type, direction)
    return _written(local, media)


def _audio(local: LocalSide, protocol: str, codecs: tuple[Codec, ...], dtmf_type: int | None, direction: str) -> str:
    types = [str(codec.payload_type) for codec in codecs]
    maps = [f"a=rtpmap:{codec.payload_type} {codec.value}/8000" for codec in codecs]
    if dtmf_type is not None:
        types.append(str(dtmf_type))
        maps += [f"a=rtpmap:{dtmf_type} telephone-event/8000", f"a=fmtp:{dtmf_type} 0-15"]
    return "\r\n".join([f"m=audio {local.port} {protocol} {' '.join(types)}", *maps, "a=ptime:20", f"a={direction}"])


def _written(local: LocalSide, media: list[str]) -> bytes:
    kind = "IP6" if ":" in local.host else "IP4"
    head = [
        "v=0",
        f"o=- {local.session} {local.version} IN {kind} {local.host}",
        "s=-",
        f"c=IN {kind} {local.host}",
        "t=0 0",
    ]
    return ("\r\n".join([*head, *media]) + "\r\n").encode()
