"""Whose number calls, and which was dialled: SIP's ways of saying it, in the hotline's one way of writing it."""

from __future__ import annotations

import re
from typing import Final
from urllib.parse import quote

from callqueue.numbers import e164
from media.sip.grammar import BadValue, NameAddr, Uri, read_name_addr, read_uri
from media.sip.messages import Request

_LONGEST: Final = 20  # characters a number may have in the rows of calls
_ANONYMOUS: Final = frozenset({"anonymous", "restricted", "unavailable", "unknown", "private", "blocked"})
_VISUAL: Final = re.compile(r"[\s().-]")
_NUMBER: Final = re.compile(r"\+?[0-9*#]+")
_CALLABLE: Final = re.compile(r"\+?[0-9]{1,15}")


def caller(request: Request, region: str, *, trusted: bool) -> str:
    """The caller's number; "" when it is withheld. An identity that is asserted counts where `trusted`: the trunk's.

    RFC 3325: P-Asserted-Identity before From; Remote-Party-ID is its forerunner. Privacy: id withholds all of them.
    """
    asserted = None
    if trusted:
        asserted = _first(request, "p-asserted-identity", "remote-party-id")
    privacy = {part.strip().lower() for value in request.headers.get("privacy") for part in value.split(";")}
    if privacy & {"id", "user", "header"} or _withheld(asserted):
        return ""
    if asserted is None and _withheld(request.from_):
        return ""
    return number_of((asserted or request.from_).uri, region)


def dialled(request: Request, region: str) -> str:
    """The number of the request line; of To where the line has none."""
    return number_of(request.uri, region) or number_of(request.to.uri, region)


def _first(request: Request, *names: str) -> NameAddr | None:
    """Of several asserted identities the tel: or sip: one that bears a number."""
    found = None
    for name in names:
        for header in request.headers.get(name):
            for value in header.split(","):
                try:
                    identity = read_name_addr(value)
                    user = _user(read_uri(identity.uri))
                except BadValue:
                    continue
                if user and _NUMBER.fullmatch(user):
                    return identity
                found = found or identity
    return found


def _withheld(identity: NameAddr | None) -> bool:
    if identity is None:
        return False
    if identity.params.get("privacy", "off") not in ("off", None):
        return True
    try:
        uri = read_uri(identity.uri)
    except BadValue:
        return False
    return _user(uri).lower() in _ANONYMOUS or uri.host.lower().endswith("anonymous.invalid")


def number_of(uri: str, region: str) -> str:
    """`sip:013800571001@host`, `sip:+86138...;phone-context=x@host;user=phone`, `tel:+86-138-...` -> E.164.

    Short codes stay, and what is no number (an extension's name) stays as it came, at most twenty characters.
    """
    try:
        user = _user(read_uri(uri))
    except BadValue:
        return ""
    plain = _VISUAL.sub("", user)
    if not _NUMBER.fullmatch(plain):
        return re.sub(r"[^\w.+@-]", "", user)[:_LONGEST]
    return e164(plain, region)[:_LONGEST]


def is_callable(number: str) -> bool:
    """Whether what `caller` and `dialled` have found is a number that could be called, not a name and not withheld."""
    return _CALLABLE.fullmatch(number) is not None


def _user(uri: Uri) -> str:
    """The user part without its parameters; a local number's phone-context (RFC 3966) put before it."""
    user, *params = (uri.user or "").split(";")
    context = next((param.partition("=")[2] for param in params if param.lower().startswith("phone-context=")), None)
    context = context or uri.params.get("phone-context") or ""
    if context.startswith("+") and not user.startswith("+"):
        return context + user.lstrip("0")
    return user


def uri_of(number: str, host: str) -> str:
    """The address of a number at a trunk. `number` may be a sip: URI already."""
    if number.lower().startswith(("sip:", "sips:")):
        read_uri(number)
        return number
    return f"sip:{quote(number, safe='+*')}@{host}"
