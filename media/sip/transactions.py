"""The transaction layer: between the transport, which loses and doubles, and calls, which hear everything once."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from typing import Protocol

from aiosipua import CaseInsensitiveDict, SipRequest, generate_branch

from media.sip.client_transactions import Answered, ClientTransaction
from media.sip.clock import Clock
from media.sip.grammar import host_port
from media.sip.messages import Request, Response, Source, answer
from media.sip.refusals import Refusals
from media.sip.server_transactions import ServerTransaction, State
from media.sip.timing import Timing

_MAGIC = "z9hG4bK"


class TransactionUser(Protocol):
    def on_request(self, request: Request, transaction: ServerTransaction) -> None:
        """Anything but ACK and CANCEL, once."""

    def on_cancel(
        self, cancel: Request, transaction: ServerTransaction, cancelled: ServerTransaction | None
    ) -> None: ...

    def on_ack(self, ack: Request) -> None:
        """The ACK to a 2xx; each time it comes."""


class Send(Protocol):
    def __call__(self, data: bytes, to: Source, failed: Callable[[str], None], /) -> None: ...


def _nothing(_why: str) -> None:
    """An answer that cannot be sent is asked for again, or missed."""


class TransactionLayer:
    """All transactions of an endpoint."""

    def __init__(
        self,
        clock: Clock,
        timing: Timing,
        send: Send,
        sent_by: Callable[[Source], tuple[str, int]],
        user: TransactionUser,
        refusals: Refusals,
    ) -> None:
        self.clock = clock
        self.timing = timing
        self.sent_by = sent_by
        self._send = send
        self._user = user
        self._refusals = refusals
        self.server: dict[Hashable, ServerTransaction] = {}
        self.client: dict[tuple[str, str], ClientTransaction] = {}
        self._merged: dict[Hashable, ServerTransaction] = {}

    def send(self, data: bytes, to: Source, failed: Callable[[str], None] = _nothing) -> None:
        self._send(data, to, failed)

    # what comes in

    def request_arrived(self, request: Request) -> None:
        key = _key(request, "INVITE" if request.method == "ACK" else request.method)
        known = self.server.get(key)
        if request.method == "ACK":
            if known is not None and known.state is not State.ACCEPTED:
                known.acknowledged()
            else:
                self._user.on_ack(request)
            return
        if known is not None:
            known.repeated()
            return
        transaction = ServerTransaction(self, key, request)
        self.server[key] = transaction
        if request.method == "CANCEL":
            self._user.on_cancel(request, transaction, self.server.get(_key(request, "INVITE")))
            return
        if not request.to.tag:
            # The same request that came by another way (RFC 3261 section 8.2.2.2).
            merge_key = (request.from_.tag, request.call_id, request.cseq, request.method)
            other = self._merged.get(merge_key)
            if other is not None and request.from_.tag:
                self._refusals.note("a request that has come by another way before", request.source)
                transaction.reply(482, answer(request, 482, tag="merged"))
                return
            transaction.merge_key = merge_key
            self._merged[merge_key] = transaction
        self._user.on_request(request, transaction)

    def response_arrived(self, response: Response) -> bool:
        """False: nobody waits for it."""
        transaction = self.client.get((response.via.branch, response.method))
        if transaction is None:
            return False
        transaction.response(response)
        return True

    # what goes out

    def request(self, request: SipRequest, to: Source, answered: Answered) -> ClientTransaction:
        """Sends it; its Via is ours to write."""
        transaction = ClientTransaction(self, request, to, answered)
        self.remember_client(transaction)
        transaction.start()
        return transaction

    def send_ack(self, ack: SipRequest, to: Source) -> None:
        self.write_via(ack, to, generate_branch())
        self.send(bytes(ack), to)

    def write_via(self, request: SipRequest, to: Source, branch: str) -> None:
        """As the topmost header, where everybody looks for it."""
        headers = CaseInsensitiveDict()
        host, port = self.sent_by(to)
        headers.append("Via", f"SIP/2.0/{to.transport} {host_port(host, port)};branch={branch};rport")
        request.headers.remove("Via")
        for name, values in request.headers.items():
            for value in values:
                headers.append(name, value)
        request.headers = headers

    def remember_client(self, transaction: ClientTransaction) -> None:
        self.client[transaction.key] = transaction

    def forget_client(self, transaction: ClientTransaction) -> None:
        if self.client.get(transaction.key) is transaction:
            del self.client[transaction.key]

    def forget_server(self, transaction: ServerTransaction) -> None:
        if self.server.get(transaction.key) is transaction:
            del self.server[transaction.key]
        if transaction.merge_key is not None and self._merged.get(transaction.merge_key) is transaction:
            del self._merged[transaction.merge_key]

    def close(self) -> None:
        """Ends all of them at once; nobody is told."""
        for server in list(self.server.values()):
            server.terminate()
        for client in list(self.client.values()):
            client.terminate()


def _key(request: Request, method: str) -> Hashable:
    """RFC 3261 section 17.2.3; without the magic cookie of a unique branch, by all that makes a request the same."""
    via = request.via
    if via.branch.startswith(_MAGIC) and len(via.branch) > len(_MAGIC):
        return via.branch, via.host, via.port, method
    top = request.headers.get_first("via")
    return top, request.call_id, request.from_.tag, request.cseq, request.uri, method
