"""One dialog: whom its requests go to, by which way, and in which order (RFC 3261 section 12)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from aiosipua import SipRequest

from media.sip.grammar import BadValue, Uri, read_name_addr, read_uri
from media.sip.messages import Request, Response, Source, new_request


@dataclass(slots=True)
class Dialog:
    call_id: str
    local: str  # the From of our requests, with our tag
    local_tag: str
    remote: str  # the To of our requests, with their tag
    remote_tag: str
    target: str  # the URI of their Contact
    routes: tuple[str, ...]
    source: Source  # where their last request or answer came from
    local_cseq: int = 0
    remote_cseq: int = 0

    @staticmethod
    def of_invite(request: Request, local_tag: str) -> Dialog:
        """As the called party. BadValue where their Contact is missing or cannot be read, or a Record-Route cannot."""
        target = request.contact()
        if target is None:
            raise BadValue("an INVITE without Contact")
        read_uri(target)
        return Dialog(
            call_id=request.call_id,
            local=f"{request.header('to')};tag={local_tag}",
            local_tag=local_tag,
            remote=request.header("from") or "",
            remote_tag=request.from_.tag,
            target=target,
            routes=_readable(request.headers.get("record-route")),
            source=request.source,
            remote_cseq=request.cseq,
        )

    @staticmethod
    def of_answer(invite: SipRequest, response: Response, source: Source) -> Dialog:
        """As the calling party, of a 2xx to our `invite`, which was sent to `source`."""
        local = invite.headers.get_first("from") or ""
        try:
            target = response.contact() or invite.uri
            read_uri(target)
        except BadValue:
            target = invite.uri
        try:
            routes = _readable(reversed(response.headers.get("record-route")))
        except BadValue:
            routes = ()  # the call stands: it is acknowledged and ended without them
        return Dialog(
            call_id=response.call_id,
            local=local,
            local_tag=read_name_addr(local).tag,
            remote=response.header("to") or "",
            remote_tag=response.to.tag,
            target=target,
            routes=routes,
            source=source,
            local_cseq=response.cseq,
        )

    def request(self, method: str, cseq: int | None = None) -> SipRequest:
        """The next request of ours, or the ACK to number `cseq`; without a Via, which its transaction writes."""
        if cseq is None:
            self.local_cseq += 1
            cseq = self.local_cseq
        target, routes = self._way()
        request = new_request(method, target, from_=self.local, to=self.remote, call_id=self.call_id, cseq=cseq)
        for route in routes:
            request.headers.append("Route", route)
        return request

    def _way(self) -> tuple[str, tuple[str, ...]]:
        if not self.routes:
            return self.target, ()
        first = read_name_addr(self.routes[0]).uri
        if "lr" in read_uri(first).params:
            return self.target, self.routes
        return first, (*self.routes[1:], f"<{self.target}>")  # a strict router, as before RFC 3261

    def next_hop(self) -> Uri:
        return read_uri(read_name_addr(self.routes[0]).uri if self.routes else self.target)

    def comes_in_order(self, request: Request) -> bool:
        """Notes the number of their request; False: it is older than one that was acted upon."""
        if self.remote_cseq and request.cseq <= self.remote_cseq:
            return False
        self.remote_cseq = request.cseq
        return True

    def refresh_target(self, contact: str | None, source: Source) -> None:
        """A re-INVITE or UPDATE, or the answer to ours, says where they are now."""
        if contact:
            read_uri(contact)
            self.target = contact
        self.source = source


def _readable(routes: Iterable[str]) -> tuple[str, ...]:
    """BadValue where one is no way to anywhere: every later request of ours would have to go by it."""
    kept = tuple(routes)
    for route in kept:
        read_uri(read_name_addr(route).uri)
    return kept
