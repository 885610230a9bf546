"""The values of SIP headers that signalling depends on, read strictly (RFC 3261 section 25).

The library's own readers lose what RFC 4475 shows to be legal: semicolons in a user part, escaped quotes, white space
round the slashes of a Via, tel: URIs. What cannot be read raises `BadValue`, whose text says what and where.
Every reader takes time linear in the length of its text: it comes from strangers.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from urllib.parse import unquote

Params = dict[str, str | None]

_QUOTED = r'"(?:[^"\\]|\\.)*"'
_NAME_ADDR = re.compile(rf"({_QUOTED}\s*|[^<\"]*)<([^<>]*)>\s*(;.*)?", re.DOTALL)
_PARAM = re.compile(rf'\s*;\s*([^\s;="]+)\s*(?:=\s*({_QUOTED}|[^;"]*))?', re.DOTALL)
_VIA = re.compile(r"SIP\s*/\s*2\.0\s*/\s*([A-Za-z0-9.!%*_+`'~-]+)\s+([^\s;]+(?:\s*:\s*\d+)?)\s*(;.*)?", re.DOTALL)
_HOST_PORT = re.compile(r"(\[[0-9A-Fa-f:.]{2,45}\]|[A-Za-z0-9_.-]{1,255})(?:\s*:\s*(\d{1,5}))?")
_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*):(.*)", re.DOTALL)
_CSEQ = re.compile(r"(\d{1,10})\s+([A-Za-z0-9.!%*_+`'~-]{1,64})")

DEFAULT_PORT = 5060
CSEQ_LIMIT = 2**31  # RFC 3261 section 8.1.1.5


class BadValue(ValueError):
    """A header that is not what it must be."""


@dataclass(frozen=True, slots=True)
class Uri:
    """sip:, sips: and tel: URIs in parts; of any other scheme all but the scheme is in `host`."""

    scheme: str
    user: str | None  # escapes undone; its parameters (;phone-context) still in it
    host: str
    port: int | None = None
    params: Params = field(default_factory=dict)
    headers: str = ""

    @property
    def bare_host(self) -> str:
        """An IPv6 address without its brackets, as sockets want it."""
        return self.host[1:-1] if self.host.startswith("[") else self.host


@dataclass(frozen=True, slots=True)
class NameAddr:
    display: str
    uri: str  # as it came
    params: Params

    @property
    def tag(self) -> str:
        return self.params.get("tag") or ""


@dataclass(frozen=True, slots=True)
class Via:
    transport: str  # upper case
    host: str
    port: int | None
    params: Params

    @property
    def branch(self) -> str:
        return self.params.get("branch") or ""


def read_params(text: str) -> Params:
    """`;a=1;b` -> {"a": "1", "b": None}; names in lower case, quotes taken off."""
    params: Params = {}
    if '"' not in text:
        for part in text.split(";"):
            name, equals, value = part.partition("=")
            if name := name.strip():
                params.setdefault(name.lower(), value.strip() if equals else None)
        return params
    text, at = text.rstrip(), 0
    while at < len(text):
        found = _PARAM.match(text, at)
        if not found:
            raise BadValue(f"parameters cannot be read from {text[at : at + 20]!r} on")
        value_read = found[2]
        params.setdefault(found[1].lower(), None if value_read is None else unquoted(value_read.strip()))
        at = found.end()
    return params


def unquoted(text: str) -> str:
    if len(text) >= 2 and text[0] == text[-1] == '"':
        return re.sub(r"\\(.)", r"\1", text[1:-1], flags=re.DOTALL)
    return text


def read_name_addr(text: str) -> NameAddr:
    """`"Li" <sip:+86...@host>;tag=1` and `sip:user@host;tag=1`: without brackets all parameters are the header's."""
    text = text.strip()
    if "<" in text:
        found = _NAME_ADDR.fullmatch(text)
        if not found:
            raise BadValue(f"not an address: {_unnamed(text)}")
        display = unquoted(found[1].strip())
        return NameAddr(display, found[2].strip(), read_params(found[3]) if found[3] else {})
    if '"' in text or ">" in text:
        raise BadValue(f"not an address: {_unnamed(text)}")
    uri, semicolon, params = text.partition(";")
    uri = uri.rstrip()
    if not uri or any(character in uri for character in ",? \t"):
        raise BadValue(f"not an address: {_unnamed(text)}")
    return NameAddr("", uri, read_params(params) if semicolon else {})


def _unnamed(text: str) -> str:
    """As it may stand in a log, which is not to tell what a caller is called."""
    at = text.find("<")
    return repr((text[at:] if at >= 0 else text.partition('"')[0])[:60])


def read_uri(text: str) -> Uri:
    found = _SCHEME.fullmatch(text)
    if not found or any(character in text for character in ' \t\r\n<>"'):
        raise BadValue(f"not a URI: {text[:60]!r}")
    scheme, rest = found[1].lower(), found[2]
    if scheme == "tel":
        number, semicolon, params = rest.partition(";")
        return Uri(scheme, number, "", params=read_params(params) if semicolon else {})
    if scheme not in ("sip", "sips"):
        return Uri(scheme, None, rest)
    user, at, place = rest.rpartition("@")
    if "@" in user:
        raise BadValue(f"a URI with two @: {text[:60]!r}")
    place, _, headers = place.partition("?")
    place, semicolon, params = place.partition(";")
    host, port = read_host_port(place)
    name = unquote(user.partition(":")[0]) if at else None
    return Uri(scheme, name, host, port, read_params(params) if semicolon else {}, headers)


def read_host_port(text: str) -> tuple[str, int | None]:
    found = _HOST_PORT.fullmatch(text.strip())
    if not found or (found[2] and not 0 < int(found[2]) < 65536):
        raise BadValue(f"not a host: {text[:60]!r}")
    return found[1], int(found[2]) if found[2] else None


def read_via(text: str) -> Via:
    found = _VIA.fullmatch(text.strip())
    if not found:
        raise BadValue(f"not a Via: {text[:60]!r}")
    host, port = read_host_port(found[2])
    return Via(found[1].upper(), host, port, read_params(found[3]) if found[3] else {})


def read_cseq(text: str) -> tuple[int, str]:
    found = _CSEQ.fullmatch(text.strip())
    if not found or int(found[1]) >= CSEQ_LIMIT:
        raise BadValue(f"not a CSeq: {text[:60]!r}")
    return int(found[1]), found[2]


def bracketed(host: str) -> str:
    """An IPv6 address as URIs and Vias write it."""
    return f"[{host}]" if ":" in host and not host.startswith("[") else host


def host_port(host: str, port: int) -> str:
    return f"{bracketed(host)}:{port}"


def place(host: str, port: int | None) -> str:
    """As a URI names it: without the port that everybody takes."""
    return bracketed(host) if port in (None, DEFAULT_PORT) else f"{bracketed(host)}:{port}"
