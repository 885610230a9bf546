"""SIP messages: the library's parser behind one door, and what it lets through that must not pass.

`read` gives a `Request` or a `Response` whose Via, From, To, Call-ID and CSeq have been read and agree with each
other, or raises `Malformed`. Everything further in relies on that and reads no wire format.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from aiosipua import CaseInsensitiveDict, SipMessage, SipRequest, SipResponse

from media.sip.grammar import BadValue, NameAddr, Uri, Via, read_cseq, read_name_addr, read_uri, read_via

# Compact forms that the library does not know (IANA, SIP header fields).
_COMPACT = {
    "a": "accept-contact",
    "b": "referred-by",
    "d": "request-disposition",
    "j": "reject-contact",
    "o": "event",
    "r": "refer-to",
    "u": "allow-events",
    "x": "session-expires",
    "y": "identity",
}
_ONCE = ("from", "to", "call-id", "cseq", "max-forwards", "content-length")
_METHOD = re.compile(r"[A-Za-z0-9.!%*_+`'~-]{1,64}")
_DIGITS = re.compile(r"\s*\d{1,10}\s*")
_MAX_HEADER_LINES = 256

REASONS: Mapping[int, str] = {
    100: "Trying",
    180: "Ringing",
    200: "OK",
    202: "Accepted",
    400: "Bad Request",
    401: "Unauthorized",
    403: "Forbidden",
    404: "Not Found",
    405: "Method Not Allowed",
    406: "Not Acceptable",
    408: "Request Timeout",
    415: "Unsupported Media Type",
    416: "Unsupported URI Scheme",
    420: "Bad Extension",
    422: "Session Interval Too Small",
    480: "Temporarily Unavailable",
    481: "Call/Transaction Does Not Exist",
    482: "Loop Detected",
    483: "Too Many Hops",
    486: "Busy Here",
    487: "Request Terminated",
    488: "Not Acceptable Here",
    489: "Bad Event",
    491: "Request Pending",
    500: "Server Internal Error",
    501: "Not Implemented",
    503: "Service Unavailable",
    505: "Version Not Supported",
    513: "Message Too Large",
    600: "Busy Everywhere",
    603: "Decline",
}


@dataclass(frozen=True, slots=True)
class Source:
    """Where a message came from, and so where its answer goes. `connection` is the TCP connection it came over."""

    transport: str  # "UDP" or "TCP"
    host: str
    port: int
    connection: object | None = field(default=None, compare=False, repr=False)

    def __str__(self) -> str:
        return f"{self.transport.lower()}:{self.host}:{self.port}"


class Malformed(ValueError):
    """What came is no SIP, or nothing to be acted upon. `status`: what a request is answered, where it can be."""

    def __init__(self, reason: str, status: int = 400, raw: SipRequest | None = None) -> None:
        super().__init__(reason)
        self.status = status
        self.raw = raw


@dataclass(slots=True)
class Request:
    method: str
    uri: str
    headers: CaseInsensitiveDict
    body: bytes
    source: Source
    via: Via
    from_: NameAddr
    to: NameAddr
    call_id: str
    cseq: int

    def header(self, name: str) -> str | None:
        return self.headers.get_first(name)

    def contact(self) -> str | None:
        """The URI of its Contact."""
        value = self.headers.get_first("contact")
        return read_name_addr(value).uri if value else None

    def tokens(self, name: str) -> list[str]:
        """The items of a list of tokens, in lower case: Supported, Require, ..."""
        return [value.lower() for value in self.headers.get(name) if value]

    def parsed_uri(self) -> Uri:
        return read_uri(self.uri)


@dataclass(slots=True)
class Response:
    status: int
    reason: str
    headers: CaseInsensitiveDict
    body: bytes
    via: Via
    to: NameAddr
    call_id: str
    cseq: int
    method: str
    local: bool = False  # made by us in place of an answer that never came

    def header(self, name: str) -> str | None:
        return self.headers.get_first(name)

    def contact(self) -> str | None:
        value = self.headers.get_first("contact")
        return read_name_addr(value).uri if value else None


def read(data: bytes, source: Source) -> Request | Response:
    """One whole message, as a datagram or as cut from a stream."""
    head = data.find(b"\r\n\r\n")
    if data.count(b"\n", 0, head if head >= 0 else len(data)) > _MAX_HEADER_LINES:
        raise Malformed(f"more than {_MAX_HEADER_LINES} header lines")
    try:
        raw = SipMessage.parse(data)
    except ValueError as fault:
        raise Malformed(f"no SIP message: {fault}"[:200]) from None
    headers = raw.headers
    for short, name in _COMPACT.items():
        if short in headers:
            for value in headers.get(short):
                headers.append(name, value)
            headers.remove(short)
    request = raw if isinstance(raw, SipRequest) else None
    try:
        if request is not None:
            _check_start_line(data, request)
        return _checked(raw, _body(data, headers, source), source)
    except Malformed as fault:
        fault.raw = request
        raise
    except BadValue as fault:
        raise Malformed(str(fault), raw=request) from None


def _check_start_line(data: bytes, raw: SipRequest) -> None:
    line = data[: data.find(b"\n")].rstrip(b"\r")
    version = line.rpartition(b" ")[2]
    if not _METHOD.fullmatch(raw.method):
        raise Malformed("the method is no token")
    if line.count(b" ") != 2 or line != line.strip():
        raise Malformed("the request line is not METHOD URI VERSION with one space between")
    if version.upper() != b"SIP/2.0":
        if version.upper().startswith(b"SIP/"):
            raise Malformed("another version of SIP", 505)
        raise Malformed("the request line has no SIP version")


def _body(data: bytes, headers: CaseInsensitiveDict, source: Source) -> bytes:
    """Cut to Content-Length; without one a datagram's body is what is left of it (RFC 3261 section 18.3)."""
    head, _, body = data.partition(b"\r\n\r\n")
    if len(head) == len(data):
        body = data.partition(b"\n\n")[2]
    declared = headers.get("content-length")
    if not declared:
        return body if source.transport == "UDP" else b""
    if len(declared) > 1 and len(set(declared)) > 1:
        raise Malformed("several Content-Length")
    if not _DIGITS.fullmatch(declared[0]):
        raise Malformed("Content-Length is no number")
    length = int(declared[0])
    if length > len(body):
        raise Malformed("the body is shorter than its Content-Length")
    return body[:length]


def _checked(raw: SipRequest | SipResponse, body: bytes, source: Source) -> Request | Response:
    headers = raw.headers
    for name in _ONCE:
        values = headers.get(name)
        if len(values) > 1 and len(set(values)) > 1:
            raise Malformed(f"several {name}")
    via_value, from_value, to_value, call_id, cseq_value = (
        _needed(headers, name) for name in ("Via", "From", "To", "Call-ID", "CSeq")
    )
    if isinstance(raw, SipRequest):
        via, from_, to = read_via(via_value), read_name_addr(from_value), read_name_addr(to_value)
        for further in headers.get("via")[1:]:
            read_via(further)
        cseq, method = read_cseq(cseq_value)
        if method != raw.method:
            raise Malformed("CSeq names another method than the request")
        return Request(raw.method, raw.uri, headers, body, source, via, from_, to, call_id, cseq)
    if not 100 <= raw.status_code <= 699:
        raise Malformed("no status of SIP")
    cseq, method = read_cseq(cseq_value)
    to = read_name_addr(to_value)
    return Response(raw.status_code, raw.reason_phrase, headers, body, read_via(via_value), to, call_id, cseq, method)


def _needed(headers: CaseInsensitiveDict, name: str) -> str:
    value = headers.get_first(name)
    if not value:
        raise Malformed(f"no {name}")
    return value


def new_request(method: str, uri: str, *, from_: str, to: str, call_id: str, cseq: int) -> SipRequest:
    """A request of ours with all that each has (RFC 3261 section 8.1.1) but the Via, which its transaction writes."""
    request = SipRequest(method=method, uri=uri)
    request.headers.set_single("From", from_)
    request.headers.set_single("To", to)
    request.headers.set_single("Call-ID", call_id)
    request.headers.set_single("CSeq", f"{cseq} {method}")
    request.headers.set_single("Max-Forwards", "70")
    return request


def answer(
    request: Request,
    status: int,
    reason: str = "",
    *,
    tag: str = "",
    headers: Mapping[str, str] | None = None,
    repeated: Mapping[str, Iterable[str]] | None = None,
    body: bytes = b"",
) -> bytes:
    """An answer's bytes. `tag` goes into To unless it has one (RFC 3261 section 8.2.6).

    `repeated`: headers that come once per value.
    """
    to = request.headers.get_first("to") or ""
    if tag and not request.to.tag:
        to += f";tag={tag}"
    return _answer(request.headers, request.via, request.source, to, status, reason, headers, body, repeated)


def answer_unread(raw: SipRequest, source: Source, status: int, reason: str) -> bytes | None:
    """The answer to a request that could not be read, where its Via could; None: it is dropped."""
    value = raw.headers.get_first("via")
    if raw.method == "ACK" or not value or not all(raw.headers.get_first(name) for name in ("from", "to", "call-id")):
        return None
    try:
        via = read_via(value)
    except BadValue:
        return None
    return _answer(raw.headers, via, source, raw.headers.get_first("to") or "", status, reason, None, b"")


def _answer(
    given: CaseInsensitiveDict,
    via: Via,
    source: Source,
    to: str,
    status: int,
    reason: str,
    headers: Mapping[str, str] | None,
    body: bytes,
    repeated: Mapping[str, Iterable[str]] | None = None,
) -> bytes:
    response = SipResponse(status_code=status, reason_phrase=reason or REASONS.get(status, "Refused"), body=body)
    for position, value in enumerate(given.get("via")):
        response.headers.append("Via", value if position else _seen(value, via, source))
    response.headers.set_single("From", given.get_first("from") or "")
    response.headers.set_single("To", to)
    response.headers.set_single("Call-ID", given.get_first("call-id") or "")
    response.headers.set_single("CSeq", given.get_first("cseq") or "")
    if status == 100 and (stamp := given.get_first("timestamp")):
        response.headers.set_single("Timestamp", stamp)
    if status < 300:
        for value in given.get("record-route"):
            response.headers.append("Record-Route", value)
    for name, value in (headers or {}).items():
        response.headers.set_single(name, value)
    for name, values in (repeated or {}).items():
        for value in values:
            response.headers.append(name, value)
    return bytes(response)


def _seen(value: str, via: Via, source: Source) -> str:
    """The topmost Via with where the request really came from (RFC 3261 section 18.2.1, RFC 3581)."""
    if "rport" in via.params and not via.params["rport"]:
        value = re.sub(r"(;\s*rport)(\s*=)?(?=\s*(;|$))", rf"\1={source.port}", value, count=1, flags=re.IGNORECASE)
        return f"{value};received={source.host}"
    if via.host.strip("[]") != source.host:
        return f"{value};received={source.host}"
    return value


def reply_to(request_via: Via, source: Source) -> Source:
    """Where the answer goes: the connection it came over, the port it came from if it asked so, else the Via's port.

    Always to the address the request came from, whatever the Via says: nobody is sent answers he did not ask for.
    """
    if source.transport == "UDP" and "rport" in request_via.params:
        return source
    # Over TCP the port counts once the connection is gone (RFC 3261 section 18.2.2).
    return Source(source.transport, source.host, request_via.port or 5060, source.connection)
