"""One question of ours to the far end: found its way, asked again with credentials where they are wanted, answered."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, Protocol

from aiosipua import CaseInsensitiveDict, SipRequest

from media.sip.client_transactions import Answered, ClientTransaction
from media.sip.digests import answer_challenge
from media.sip.grammar import NameAddr, Via
from media.sip.messages import Response, Source

_MOST_PROOFS: Final = 3

MakeRequest = Callable[[], SipRequest]


class Login(Protocol):
    """User name and password at the trunk, and where they may be shown."""

    @property
    def username(self) -> str: ...

    @property
    def password(self) -> str: ...

    def shown_to(self, host: str) -> bool: ...


class Request(Protocol):
    def __call__(self, request: SipRequest, to: Source, answered: Answered, /) -> ClientTransaction: ...


class Asking:
    """`make` gives the request, each time with the next CSeq. `answered` hears all answers but challenges we meet."""

    def __init__(self, send: Request, make: MakeRequest, answered: Answered, login: Login | None) -> None:
        self._send = send
        self._make = make
        self._answered = answered
        self._login = login
        self._proofs = 0
        self.to: Source | None = None
        self.request: SipRequest | None = None
        self.transaction: ClientTransaction | None = None

    def go(self, to: Source | None) -> None:
        """`to` None: there is no way to them, which is answered 503 of our own."""
        if to is None:
            self._answered(own_answer(503, "no such host"))
            return
        self.to = to
        self._ask(())

    def again(self) -> None:
        """The same question, made anew: with another header, after a pause."""
        if self.to is not None:
            self._ask(())

    def withdraw(self) -> None:
        """The question is not asked anew any more, whatever is answered."""
        self._login = None

    def _ask(self, extra: tuple[tuple[str, str], ...]) -> None:
        if self.to is None:
            return
        request = self._make()
        for name, value in extra:
            request.headers.set_single(name, value)
        self.request = request
        self.transaction = self._send(request, self.to, self._on_answer)

    def _on_answer(self, response: Response) -> None:
        if response.status in (401, 407) and self._prove(response):
            return
        self._answered(response)

    def _prove(self, response: Response) -> bool:
        """Once; a second challenge is met only where it says that the nonce had grown old."""
        login, to, request = self._login, self.to, self.request
        if login is None or to is None or request is None or not login.shown_to(to.host):
            return False
        stale = any("stale=true" in value.lower().replace(" ", "") for value in _challenges(response))
        if self._proofs and (not stale or self._proofs > _MOST_PROOFS):
            return False
        self._proofs += 1
        header = answer_challenge(login.username, login.password, response, request.method, request.uri)
        if header is None:
            return False
        self._ask((header,))
        return True


def _challenges(response: Response) -> list[str]:
    return [*response.headers.get("www-authenticate"), *response.headers.get("proxy-authenticate")]


def own_answer(status: int, reason: str) -> Response:
    """In place of an answer that cannot come."""
    nobody = NameAddr("", "", {})
    return Response(status, reason, CaseInsensitiveDict(), b"", Via("UDP", "", None, {}), nobody, "", 0, "", local=True)
