"""What holds for a call in either direction once it stands: its requests, its sound, its end."""

from __future__ import annotations

import random
from typing import Literal

import structlog
from aiosipua import SipRequest

from media.sip.asking import Asking
from media.sip.call import SipCall
from media.sip.clock import Timer
from media.sip.connections import Connection
from media.sip.core import KEYS, Core, with_headers
from media.sip.dialogs import Dialog
from media.sip.grammar import BadValue, place, read_uri
from media.sip.info import UnknownKind, key_in
from media.sip.listening import EndReason, ReferOutcome
from media.sip.messages import Request, Response, answer
from media.sip.numbers import uri_of
from media.sip.offers import BadSdp, read_sdp, sdp_in
from media.sip.server_transactions import ServerTransaction
from media.sip.session_timers import (
    MIN_SE,
    Session,
    TooSmall,
    Watch,
    answer_headers,
    answered_with,
    asked_for,
    least_of,
    may_update,
    request_headers,
)
from media.sip.sound import Sound
from media.sip.transferring import Transfer

log = structlog.get_logger("sip")


class DialogCall(SipCall):
    """`dialog` is None until there is one. `_change` is an INVITE of theirs under way, `_refreshing` one of ours."""

    def __init__(
        self, core: Core, call_id: str, tag: str, direction: Literal["inbound", "outbound"], numbers: tuple[str, str]
    ) -> None:
        super().__init__()
        self.id = core.call_id_kept(call_id)
        self.direction = direction
        self.from_number, self.to_number = numbers
        self.source = ("", 0)
        self._core = core
        self._call_id, self._tag = call_id, tag
        self.dialog: Dialog | None = None
        self._sound = Sound(core.config.codecs)
        self._answered = False
        self._over = False
        self._told = False
        self._held: Connection | None = None
        self._watch = Watch(core.clock, self._refresh, self._expired)
        self._their_allow: list[str] = []
        self._change: tuple[ServerTransaction, int, bool] | None = None  # unacknowledged; its CSeq; we made the offer
        self._refreshing: Asking | None = None
        self._again: Timer | None = None
        self._transfer: Transfer | None = None
        self._transferred = False
        core.remember(self, call_id, tag)

    # what the hotline sees

    @property
    def answered(self) -> bool:
        return self._answered and not self._over

    @property
    def over(self) -> bool:
        return self._over

    def _tell(self, event: str, *args: object) -> None:
        """Never from within a method of the call, and nothing after its end."""
        self._core.soon(self._tell_now, event, *args)

    def _tell_now(self, event: str, *args: object) -> None:
        if self._told:
            return
        self._told = event in ("ended", "refused")
        try:
            getattr(self.listener, event)(self, *args)
        except Exception:
            log.exception("the listener of a call failed", call=self.id, event_told=event)

    def _sound_changed(self) -> bool:
        """Takes over what the offers and answers came to."""
        before = (self.remote, self.codec)
        self.remote, self.codec = self._sound.remote, self._sound.codec
        return before != (self.remote, self.codec)

    # its end

    def _finish(self, reason: EndReason) -> None:
        """Tells the end, once, and lets go of everything but an INVITE that is not through yet."""
        if self._over:
            return
        self._over = True
        log.info("call ended", call=self.id, direction=self.direction, why=str(reason))
        self._stop()
        self._tell("ended", reason)

    def _stop(self) -> None:
        self._watch.stop()
        if self._again is not None:
            self._again.cancel()
            self._again = None
        if self._refreshing is not None:
            self._refreshing.withdraw()
        if self._transfer is not None:
            self._transfer.call_ended()

    def _forget(self) -> None:
        """The dialog is no more: what comes for it is answered 481."""
        self._core.forget(self._call_id, self._tag)
        if self._held is not None:
            self._held.release()
            self._held = None

    def _begin_dialog(self, dialog: Dialog) -> None:
        self.dialog = dialog
        self.source = (dialog.source.host, dialog.source.port)
        if isinstance(dialog.source.connection, Connection):
            self._held = dialog.source.connection
            self._held.hold()

    def close_down(self) -> None:
        """The endpoint stops."""
        self._end_dialog(EndReason.CLOSING)

    def _bye(self) -> None:
        if self.dialog is not None:
            dialog = self.dialog
            self._core.ask(dialog, lambda: dialog.request("BYE"), lambda _response: None)
        self._forget()

    def _end_dialog(self, reason: EndReason) -> None:
        """We end a call that stands, or has stood."""
        self._finish(reason)
        self._bye()

    # their requests

    def on_request(self, request: Request, transaction: ServerTransaction) -> None:
        """Within the dialog; the endpoint has checked tags and everything that needs no call."""
        dialog = self.dialog
        if dialog is None:
            self._reply(transaction, request, 481)
            return
        if not dialog.comes_in_order(request):
            self._reply(transaction, request, 500, {"Retry-After": "1"}, reason="Out Of Order")
            return
        try:
            {
                "BYE": self._on_bye,
                "INVITE": self._on_reinvite,
                "UPDATE": self._on_update,
                "INFO": self._on_info,
                "NOTIFY": self._on_notify,
            }[request.method](request, transaction)
        except BadSdp as fault:
            self._core.refusals.note(f"{request.method} with sound we cannot take", request.source, str(fault))
            self._reply(transaction, request, fault.status, reason=str(fault) if fault.status == 400 else "")
        except BadValue as fault:
            self._core.refusals.note(f"{request.method} that cannot be read", request.source, str(fault))
            self._reply(transaction, request, 400)

    def _reply(
        self,
        transaction: ServerTransaction,
        request: Request,
        status: int,
        headers: dict[str, str] | None = None,
        body: bytes = b"",
        reason: str = "",
    ) -> None:
        if body:
            headers = {**(headers or {}), "Content-Type": "application/sdp"}
        transaction.reply(status, answer(request, status, reason, tag=self._tag, headers=headers, body=body))

    def _on_bye(self, request: Request, transaction: ServerTransaction) -> None:
        self._reply(transaction, request, 200)
        moved = self._transferred or (self._transfer is not None and self._transfer.accepted)
        self._finish(EndReason.TRANSFERRED if moved else EndReason.FAR_END)
        self._forget()

    def _on_reinvite(self, request: Request, transaction: ServerTransaction) -> None:
        if self._refreshing is not None:
            self._reply(transaction, request, 491)
            return
        if self._change is not None and self._change[2]:
            # Our offer is out and not answered: another one cannot be made (RFC 3264 section 4).
            wait = str(random.randint(1, 10))  # noqa: S311  # RFC 3261 section 14.2; no secret
            self._reply(transaction, request, 500, {"Retry-After": wait})
            return
        if self._change is not None:
            # Who asks anew has had our answer: the ACK to it was lost, or comes later than this.
            self._change[0].acknowledged()
            self._change = None
            self._acknowledged()
        self._change_session(request, transaction)

    def _on_update(self, request: Request, transaction: ServerTransaction) -> None:
        pending = self._refreshing is not None or (self._change is not None and self._change[2])
        if request.body and (pending or not self._answered):
            self._reply(transaction, request, 491)
            return
        self._change_session(request, transaction)

    def _change_session(self, request: Request, transaction: ServerTransaction) -> None:
        """A re-INVITE or UPDATE: another place, hold, another law, or a refresh alone."""
        dialog = self.dialog
        if dialog is None or not self._answered or self._over:
            self._reply(transaction, request, 481 if self._over else 491)
            return
        try:
            session = asked_for(request, self._core.config.session_expires_s)
        except TooSmall:
            self._reply(transaction, request, 422, {"Min-SE": str(MIN_SE)})
            return
        contact = request.contact()
        if contact is not None:
            read_uri(contact)  # before anything is changed
        body = sdp_in(request.header("content-type"), request.body)
        invite = request.method == "INVITE"
        told = b""
        theirs = read_sdp(body) if body is not None else None
        if theirs is not None:
            told = self._sound.answer(theirs, self._sound.best(theirs))
        elif invite:
            told = self._sound.offer()
        dialog.refresh_target(contact, request.source)
        headers = self._core.common_headers(request.source) | answer_headers(session)
        if invite:
            self._change = (transaction, request.cseq, theirs is None)
            transaction.unacknowledged = self._never_acknowledged
        self._reply(transaction, request, 200, headers, told)
        self._watch.start(session)
        if self._sound_changed():
            self._tell("media_changed")

    def _on_info(self, request: Request, transaction: ServerTransaction) -> None:
        try:
            key = key_in(request.header("content-type"), request.body)
        except UnknownKind:
            self._reply(transaction, request, 415, {"Accept": KEYS})
            return
        self._reply(transaction, request, 200)
        if key is not None and self._answered:
            self._tell("key", key)

    def _on_notify(self, request: Request, transaction: ServerTransaction) -> None:
        event = (request.header("event") or "").partition(";")[0].strip().lower()
        if event != "refer" or self._transfer is None:
            self._reply(transaction, request, 489 if event != "refer" else 481)
            return
        self._reply(transaction, request, 200)
        self._transfer.notified(request)

    # ACK to a 2xx of ours

    def on_ack(self, ack: Request) -> None:
        if self._change is None or ack.cseq != self._change[1]:
            return
        transaction, _, offered = self._change
        self._change = None
        transaction.acknowledged()
        if offered and not self._over:
            self._take_answer(ack)
        self._acknowledged()

    def _take_answer(self, message: Request | Response) -> None:
        """The answer to an offer of ours, in an ACK or a 2xx."""
        if self._agree(message, without="no answer to our offer") is not None:
            if self.remote is None:
                self._end_dialog(EndReason.NO_SOUND)
        elif self._sound_changed() and self._answered:
            self._tell("media_changed")

    def _agree(self, message: Request | Response, without: str) -> BadSdp | None:
        """On their answer to our offer; else its fault, which is noted. `without`: the fault of there being none."""
        try:
            body = sdp_in(message.header("content-type"), message.body)
            if body is None:
                raise BadSdp(488, without)
            self._sound.agreed(read_sdp(body))
        except BadSdp as fault:
            self._core.refusals.note("an answer we cannot take", ":".join(map(str, self.source)), str(fault))
            return fault
        return None

    def _acknowledged(self) -> None:
        """Their ACK is there."""

    def _never_acknowledged(self) -> None:
        self._change = None
        if self._over:
            self._bye()
            return
        self._end_dialog(EndReason.NO_ACK)

    # session timer

    def _refresh(self) -> None:
        dialog, session = self.dialog, self._watch.session
        if dialog is None or session is None or self._over or self._refreshing is not None:
            return
        if self._change is not None:  # theirs is under way, which is a refresh as well
            return
        update = may_update(self._their_allow)
        refresher = "uac" if session.they_support else ""
        headers = self._core.common_headers(dialog.source) | request_headers(session.interval, refresher=refresher)

        def make() -> SipRequest:
            request = dialog.request("UPDATE" if update else "INVITE")
            return with_headers(request, headers, b"" if update else self._sound.as_it_is())

        self._refreshing = self._core.ask(dialog, make, self._on_refreshed)

    def _on_refreshed(self, response: Response) -> None:
        if response.status < 200:
            return
        asking, self._refreshing = self._refreshing, None
        dialog = self.dialog
        if dialog is None:
            return
        if response.method == "INVITE" and response.status < 300:
            self._core.send_ack(dialog, response.cseq)
        if self._over:
            return
        session = self._watch.session
        if response.status < 300 and session is not None:
            if response.method == "INVITE":
                self._take_answer(response)
            if not self._over:
                self._watch.start(answered_with(response, session.interval))
        elif response.status in (408, 481):
            self._end_dialog(EndReason.LOST)
        elif response.status == 491 and asking is not None:
            # Both asked at once. Who gave the call its Call-ID waits longer (RFC 3261 section 14.1).
            spread = (2.1, 4.0) if self.direction == "outbound" else (0.0, 2.0)
            self._again = self._core.clock.call_later(random.uniform(*spread), self._refresh)  # noqa: S311
        elif response.status == 422 and session is not None:
            longer = Session(max(session.interval, least_of(response)), session.we_refresh, session.they_support)
            self._watch.start(longer)
            self._refresh()
        elif response.status in (405, 501) and response.method == "UPDATE":
            self._their_allow = []
            self._refresh()

    def _expired(self) -> None:
        if not self._over:
            self._end_dialog(EndReason.SESSION_EXPIRED)

    # transfer

    async def refer(self, to: str) -> ReferOutcome:
        dialog = self.dialog
        if dialog is None or not self.answered:
            return ReferOutcome(done=False, status=481, reason="the call does not stand")
        if self._transfer is not None:
            return ReferOutcome(done=False, status=491, reason="another transfer is under way")
        hop = dialog.next_hop()
        host = self._core.trunk_place() or place(hop.host, hop.port)
        headers = self._core.common_headers(dialog.source) | {
            "Refer-To": f"<{uri_of(to, host)}>",
            "Referred-By": dialog.local.partition(";tag=")[0],
        }
        transfer = self._transfer = Transfer(self._core.clock, self._core.config.limits.transfer_s)
        self._core.ask(dialog, lambda: with_headers(dialog.request("REFER"), headers), transfer.answered)
        try:
            outcome = await transfer.outcome()
        finally:
            self._transfer = None
        self._transferred = outcome.done
        log.info("transfer", call=self.id, done=outcome.done, status=outcome.status, why=outcome.reason)
        return outcome
