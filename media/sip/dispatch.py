"""What becomes of a request: refused, answered at once, handed to its call, or made a new call."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import Final

import structlog
from aiosipua import generate_tag

from media.sip.admission import Admitted, Answer
from media.sip.call import SipCall
from media.sip.core import ACCEPT, ALLOW, SUPPORTED, Core
from media.sip.dialogs import Dialog
from media.sip.grammar import BadValue, read_uri
from media.sip.inbound import InboundCall, Invitation
from media.sip.messages import Request, answer
from media.sip.numbers import caller, dialled
from media.sip.offers import BadSdp, read_sdp, sdp_in
from media.sip.server_transactions import ServerTransaction
from media.sip.session_timers import MIN_SE, TooSmall, asked_for

log = structlog.get_logger("sip")

_IN_CALLS: Final = frozenset({"BYE", "INVITE", "UPDATE", "INFO", "NOTIFY"})
_KNOWN: Final = _IN_CALLS | {"OPTIONS", "REFER"}
_EXTENSIONS: Final = frozenset({SUPPORTED})


class Refused(Exception):  # an answer, not a fault
    def __init__(self, status: int, why: str, headers: dict[str, str] | None = None, *, detail: str = "") -> None:
        """`why`: one of few; `detail`: what it was about."""
        super().__init__(why)
        self.status = status
        self.headers = headers
        self.detail = detail


class Dispatch:
    """The user of the transaction layer."""

    def __init__(self, core: Core, on_call: Callable[[SipCall], None]) -> None:
        self._core = core
        self._on_call = on_call

    def on_request(self, request: Request, transaction: ServerTransaction) -> None:
        try:
            self._act(request, transaction)
        except Refused as refusal:
            status = refusal.status
            self._core.refusals.note(f"{status}: {refusal}", request.source, refusal.detail or request.method)
            transaction.reply(status, answer(request, status, tag=_stateless_tag(request), headers=refusal.headers))
        except Exception:
            log.exception("a request could not be dealt with", method=request.method, source=str(request.source))
            transaction.reply(500, answer(request, 500, tag=_stateless_tag(request)))

    def _act(self, request: Request, transaction: ServerTransaction) -> None:
        if request.to.tag:
            self._act_within(request, transaction)
            return
        admitted = self._core.admission.of(request)
        if admitted.answer is not Answer.LET_IN:
            self._turn_away(request, transaction, admitted)
            return
        self._check(request)
        if request.method == "INVITE":
            self._invite(request, transaction, admitted)
        elif request.method == "OPTIONS":
            self._options(request, transaction)
        elif request.method == "REFER":
            raise Refused(603, "a transfer that is asked of us")
        else:
            raise Refused(481, "a request of no call")

    def _act_within(self, request: Request, transaction: ServerTransaction) -> None:
        call = self._core.calls.get((request.call_id, request.to.tag))
        if call is None or call.dialog is None or call.dialog.remote_tag != request.from_.tag:
            self._of_no_call(request, transaction)
            return
        self._check(request)
        if request.method == "REFER":
            raise Refused(603, "a transfer that is asked of us")
        if request.method == "OPTIONS":
            self._options(request, transaction)
        else:
            call.on_request(request, transaction)

    def _of_no_call(self, request: Request, transaction: ServerTransaction) -> None:
        """Nothing is kept of it: asked again it is answered again, a stranger only so often."""
        self._core.refusals.note("481: a request of a call that is not there", request.source, request.method)
        if self._core.admission.answers(request.source.host):
            transaction.reply(481, answer(request, 481, tag=_stateless_tag(request)))
        transaction.terminate()

    def _turn_away(self, request: Request, transaction: ServerTransaction, admitted: Admitted) -> None:
        tag = _stateless_tag(request)
        if admitted.answer is Answer.REFUSE:
            transaction.reply(403, answer(request, 403, tag=tag))
        elif admitted.answer is Answer.ASK:
            data = answer(request, 401, tag=tag, repeated={"WWW-Authenticate": admitted.challenges})
            transaction.reply(401, data)
        transaction.terminate()

    def _check(self, request: Request) -> None:
        """What holds for every request from whom we answer (RFC 3261 section 8.2)."""
        if request.method not in _KNOWN:
            raise Refused(405, "a method that is not taken", {"Allow": ALLOW})
        try:
            uri = read_uri(request.uri)
        except BadValue as fault:
            raise Refused(400, "a request that cannot be read", detail=str(fault)) from None
        if uri.scheme not in ("sip", "sips", "tel"):
            raise Refused(416, "a request to a URI of another scheme")
        if uri.headers:
            raise Refused(400, "a request URI with headers in it")
        wanted = [option for option in request.tokens("require") if option not in _EXTENSIONS]
        if wanted:
            raise Refused(420, "an extension that is required", {"Unsupported": ", ".join(wanted)})
        coding = (request.header("content-encoding") or "identity").lower()
        if request.body and coding != "identity":
            raise Refused(415, "a body in a coding that is not taken", {"Accept-Encoding": "identity"})

    def _options(self, request: Request, transaction: ServerTransaction) -> None:
        if self._core.closing:
            raise Refused(503, "stopping", self._retry_after())
        headers = {"Allow": ALLOW, "Accept": ACCEPT, "Supported": SUPPORTED, "User-Agent": self._core.config.user_agent}
        transaction.reply(200, answer(request, 200, tag=_stateless_tag(request), headers=headers))

    def _retry_after(self) -> dict[str, str]:
        return {"Retry-After": str(self._core.config.limits.retry_after_s)}

    def _invite(self, request: Request, transaction: ServerTransaction, admitted: Admitted) -> None:
        core = self._core
        if core.closing:
            raise Refused(503, "stopping", self._retry_after())
        if len(core.calls) >= core.config.max_calls:
            raise Refused(503, "as many calls as may be", self._retry_after())
        if (request.header("max-forwards") or "70").strip() == "0":
            raise Refused(483, "no hops left")
        if (request.call_id, request.from_.tag) in core.calls:
            raise Refused(482, "our own call has come back to us")
        accepted = request.tokens("accept")
        if accepted and not any(kind.partition(";")[0].strip() in _TAKEN for kind in accepted):
            raise Refused(406, "a caller who takes no SDP")
        try:
            session = asked_for(request, core.config.session_expires_s)
            body = sdp_in(request.header("content-type"), request.body)
            theirs = read_sdp(body) if body is not None else None
            dialog = Dialog.of_invite(request, generate_tag())
        except TooSmall:
            raise Refused(422, "a session timer that is too short", {"Min-SE": str(MIN_SE)}) from None
        except BadSdp as fault:
            headers = _of_bad_sdp(fault, core.told_host(request.source.host))
            raise Refused(fault.status, "sound that cannot be taken", headers, detail=str(fault)) from None
        except BadValue as fault:
            raise Refused(400, "a request that cannot be read", detail=str(fault)) from None
        region = core.config.region
        numbers = caller(request, region, trusted=admitted.trunk), dialled(request, region)
        call = InboundCall(core, Invitation(request, transaction, dialog, session, theirs, *numbers))
        if theirs is not None and not set(theirs.offer.codecs) & set(core.config.codecs):
            call.reject(488)
            return
        try:
            self._on_call(call)
        except Exception:
            log.exception("a call could not be taken", call=call.id)
            call.reject(500)
        call.trying()

    def on_cancel(self, cancel: Request, transaction: ServerTransaction, cancelled: ServerTransaction | None) -> None:
        if cancelled is None:
            self._of_no_call(cancel, transaction)
            return
        transaction.reply(200, answer(cancel, 200, tag=cancelled.tag or _stateless_tag(cancel)))
        if cancelled.cancelled is not None:
            cancelled.cancelled()

    def on_ack(self, ack: Request) -> None:
        call = self._core.calls.get((ack.call_id, ack.to.tag))
        if call is not None:
            call.on_ack(ack)


_TAKEN: Final = frozenset({"application/sdp", "application/*", "*/*"})


def _of_bad_sdp(fault: BadSdp, host: str) -> dict[str, str] | None:
    if fault.status == 415:
        return {"Accept": "application/sdp"}
    if fault.status == 488:
        text = "".join(character if character.isalnum() or character in " -/.," else "" for character in str(fault))
        return {"Warning": f'305 {host} "{text}"'}
    return None


def _stateless_tag(request: Request) -> str:
    """The same for the same request, however often it comes (RFC 3261 section 8.2.7)."""
    text = f"{request.via.branch}|{request.call_id}|{request.from_.tag}|{request.cseq}"
    return hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()[:16]
