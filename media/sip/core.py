"""What the parts of an endpoint share: tables, ways out, and what is told of us."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import structlog
from aiosipua import SipRequest

from media.sip.admission import Admission
from media.sip.asking import Asking, MakeRequest
from media.sip.client_transactions import Answered
from media.sip.clock import Clock
from media.sip.config import EndpointConfig
from media.sip.connections import Connection
from media.sip.dialogs import Dialog
from media.sip.grammar import BadValue, bracketed, host_port, place
from media.sip.messages import Source
from media.sip.refusals import Refusals
from media.sip.transactions import TransactionLayer
from media.sip.transport import Transport
from media.sip.ways import Ways, answerable_at, read_server

if TYPE_CHECKING:
    from media.sip.dialog_call import DialogCall

log = structlog.get_logger("sip")

ALLOW: Final = "INVITE, ACK, BYE, CANCEL, OPTIONS, INFO, UPDATE, NOTIFY"
KEYS: Final = "application/dtmf-relay, application/dtmf"  # what an INFO may hold
ACCEPT: Final = f"application/sdp, {KEYS}"
SUPPORTED: Final = "timer"

_LONGEST_ID: Final = 64


@dataclass(frozen=True, slots=True)
class TrunkLogin:
    """Shown to the trunk's addresses alone, whoever else asks for it."""

    username: str
    password: str
    hosts: Callable[[str], bool]

    def shown_to(self, host: str) -> bool:
        return self.hosts(host)


class Core:
    def __init__(
        self,
        config: EndpointConfig,
        clock: Clock,
        transport: Transport,
        ways: Ways,
        admission: Admission,
        refusals: Refusals,
    ) -> None:
        self.config = config
        self.clock = clock
        self.transport = transport
        self.ways = ways
        self.admission = admission
        self.refusals = refusals
        self.layer: TransactionLayer  # set by the endpoint, which is its user
        self.calls: dict[tuple[str, str], DialogCall] = {}  # by Call-ID and our tag
        self._ids: set[str] = set()
        self.closing = False
        self.public_host = config.public_host  # the endpoint puts an address in place of a name
        trunk = config.trunk
        self.login = (
            TrunkLogin(trunk.username, trunk.password, admission.is_trunk)
            if trunk is not None and trunk.username and trunk.password
            else None
        )

    # what is told of us

    def sent_by(self, to: Source) -> tuple[str, int]:
        return self.told_host(to.host), self.transport.port

    def told_host(self, towards: str) -> str:
        return self.public_host or self.transport.local_host(towards)

    def contact(self, towards: Source) -> str:
        trunk = self.config.trunk
        user = f"{trunk.username}@" if trunk is not None and trunk.username else ""
        end = ";transport=tcp" if towards.transport == "TCP" else ""
        return f"<sip:{user}{host_port(*self.sent_by(towards))}{end}>"

    def common_headers(self, towards: Source) -> dict[str, str]:
        """Of every request of ours that begins or changes a call, and of the answers to such."""
        return {
            "Contact": self.contact(towards),
            "Allow": ALLOW,
            "Supported": SUPPORTED,
            "User-Agent": self.config.user_agent,
        }

    def sound_host(self, host: str, towards: str) -> str:
        if self.public_host:
            return self.public_host
        return self.transport.local_host(towards) if host in ("0.0.0.0", "::", "") else host  # noqa: S104  # compared

    def trunk_domain(self) -> str:
        """Of addresses at the trunk, our own and others'; "" without one."""
        trunk = self.config.trunk
        return (trunk.domain or bracketed(read_server(trunk.server)[0])) if trunk is not None else ""

    def trunk_place(self) -> str:
        """Where requests to the trunk's addresses go: its domain, else the server with its port; "" without one."""
        trunk = self.config.trunk
        if trunk is None or trunk.domain:
            return self.trunk_domain()
        return place(*read_server(trunk.server))

    # calls

    def call_id_kept(self, call_id: str) -> str:
        """At most 64 characters, and of no call there is."""
        kept = call_id
        if len(kept) > _LONGEST_ID or not kept.isprintable():
            kept = hashlib.sha256(call_id.encode("utf-8", "replace")).hexdigest()
        if kept in self._ids:
            kept = hashlib.sha256(f"{call_id} {len(self.calls)} {self.clock.time()}".encode()).hexdigest()
        return kept

    def remember(self, call: DialogCall, call_id: str, local_tag: str) -> None:
        self.calls[(call_id, local_tag)] = call
        self._ids.add(call.id)

    def forget(self, call_id: str, local_tag: str) -> None:
        call = self.calls.pop((call_id, local_tag), None)
        if call is not None:
            self._ids.discard(call.id)

    def soon(self, callback: Callable[..., object], *args: object) -> None:
        self.clock.call_later(0, callback, *args)

    # asking

    def ask(self, dialog: Dialog, make: MakeRequest, answered: Answered) -> Asking:
        """A request within a dialog, over the connection it has, or to where its route or target is."""
        asking = Asking(self.layer.request, make, answered, self.login)
        self.way_to(dialog, asking.go)
        return asking

    def way_to(self, dialog: Dialog, found: Callable[[Source | None], None]) -> None:
        connection = dialog.source.connection
        if isinstance(connection, Connection) and connection.alive:
            found(dialog.source)
            return
        try:
            hop = dialog.next_hop()
        except BadValue:
            found(dialog.source)
            return
        # Contacts of TLS or WebSocket telephones lead nowhere from here: what is before them passes it on.
        spoken = hop.scheme == "sip" and (hop.params.get("transport") or "udp").lower() in ("udp", "tcp")
        if not spoken or (not dialog.routes and not answerable_at(hop, dialog.source)):
            found(dialog.source)
            return
        self.ways.find(hop, "UDP" if "transport" in hop.params else dialog.source.transport, found)

    def send_ack(self, dialog: Dialog, cseq: int, headers: tuple[tuple[str, str], ...] = ()) -> None:
        """The ACK to a 2xx: a request without a transaction (RFC 3261 section 13.2.2.4)."""
        ack = dialog.request("ACK", cseq)
        for name, value in headers:
            ack.headers.set_single(name, value)

        def send(to: Source | None) -> None:
            if to is not None:
                self.layer.send_ack(ack, to)

        self.way_to(dialog, send)


def with_headers(request: SipRequest, headers: dict[str, str], body: bytes = b"") -> SipRequest:
    for name, value in headers.items():
        request.headers.set_single(name, value)
    if body:
        request.headers.set_single("Content-Type", "application/sdp")
        request.body = body
    return request
