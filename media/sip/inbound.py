"""A call that came in: it rings until the hotline accepts or rejects it, or the caller gives up."""

from __future__ import annotations

from dataclasses import dataclass

from aiosipua import CaseInsensitiveDict

from media.codec import Codec
from media.sip.clock import Timer
from media.sip.core import Core
from media.sip.dialog_call import DialogCall, log
from media.sip.dialogs import Dialog
from media.sip.listening import EndReason, ReferOutcome
from media.sip.messages import Request
from media.sip.offers import Description
from media.sip.server_transactions import ServerTransaction
from media.sip.session_timers import Session, answer_headers


@dataclass(frozen=True, slots=True)
class Invitation:
    """An INVITE that was let in and found good."""

    request: Request
    transaction: ServerTransaction
    dialog: Dialog
    session: Session
    theirs: Description | None  # None: we are to make the offer
    from_number: str
    to_number: str


class InboundCall(DialogCall):
    def __init__(self, core: Core, invitation: Invitation) -> None:
        dialog, request = invitation.dialog, invitation.request
        numbers = (invitation.from_number, invitation.to_number)
        super().__init__(core, dialog.call_id, dialog.local_tag, "inbound", numbers)
        self._headers: CaseInsensitiveDict = request.headers
        self._invite: Request = request
        self._transaction = invitation.transaction
        self._session = invitation.session
        self._sound.theirs = invitation.theirs
        self._their_allow = request.headers.get("allow")
        self._confirmed = False
        self._begin_dialog(dialog)
        self._sound_changed()
        self._transaction.tag = dialog.local_tag
        self._transaction.cancelled = self._on_cancelled
        limit = core.config.limits.answer_within_s
        self._deadline: Timer | None = core.clock.call_later(limit, self._not_answered)
        from_number, to_number = numbers
        log.info("call in", call=self.id, source=str(request.source), from_number=from_number, to_number=to_number)

    def header(self, name: str) -> str | None:
        return self._headers.get_first(name)

    def trying(self) -> None:
        """100, unless something was answered already: they need not ask again."""
        if self._transaction.silent:
            self._reply(self._transaction, self._invite, 100)

    def ring(self) -> None:
        if not self._over and not self._answered:
            self._reply(self._transaction, self._invite, 180, self._core.common_headers(self._invite.source))

    def accept(self, rtp: tuple[str, int], codec: Codec | None = None) -> None:
        if self._over or self._answered:
            return
        theirs = self._sound.theirs
        if codec is not None and theirs is not None and codec not in theirs.offer.codecs:
            raise ValueError(f"{codec.value} was not offered")
        source = self._invite.source
        self._sound.place(self._core.sound_host(rtp[0], source.host), rtp[1])
        told = self._sound.offer() if theirs is None else self._sound.answer(theirs, codec or self._sound.best(theirs))
        self._stop_waiting()
        self._answered = True
        self._change = (self._transaction, self._invite.cseq, theirs is None)
        self._transaction.unacknowledged = self._never_acknowledged
        headers = self._core.common_headers(source) | answer_headers(self._session)
        self._reply(self._transaction, self._invite, 200, headers, told)
        self._sound_changed()
        self._watch.start(self._session)

    def reject(self, status: int, reason: str = "", retry_after_s: int | None = None) -> None:
        if not 300 <= status <= 699:
            raise ValueError(f"a call is rejected with 300 to 699, not with {status}")
        if self._over or self._answered:
            return
        self._refuse(status, reason, retry_after_s, EndReason.REFUSED)

    def _refuse(self, status: int, reason: str, retry_after_s: int | None, why: EndReason) -> None:
        headers = {"Retry-After": str(retry_after_s)} if retry_after_s is not None else None
        self._reply(self._transaction, self._invite, status, headers, reason=_one_line(reason))
        self._give_up(why)

    def _give_up(self, why: EndReason) -> None:
        self._stop_waiting()
        self._finish(why)
        self._forget()

    def _stop_waiting(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None

    def _not_answered(self) -> None:
        self._deadline = None
        self._refuse(480, "", None, EndReason.NOT_ANSWERED)

    def _on_cancelled(self) -> None:
        self._reply(self._transaction, self._invite, 487)
        self._give_up(EndReason.CANCELLED)

    def _on_bye(self, request: Request, transaction: ServerTransaction) -> None:
        """Also of a caller who hangs up with BYE what is not answered yet (RFC 3261 section 15)."""
        self._stop_waiting()
        if not self._answered:
            self._reply(self._transaction, self._invite, 487)
        elif self._change is not None:
            self._change[0].acknowledged()
            self._change = None
        super()._on_bye(request, transaction)

    def hang_up(self) -> None:
        self._hang_up(EndReason.OURS)

    def close_down(self) -> None:
        if self._over:
            return
        if not self._answered:
            self._refuse(503, "", self._core.config.limits.retry_after_s, EndReason.CLOSING)
        else:
            self._finish(EndReason.CLOSING)
            self._bye()

    def _hang_up(self, why: EndReason) -> None:
        if self._over:
            return
        if not self._answered:
            self._refuse(480, "", None, why)
        elif self._confirmed:
            self._end_dialog(why)
        else:
            self._finish(why)  # the BYE follows their ACK, or its absence (RFC 3261 section 15)

    def _acknowledged(self) -> None:
        if self._over:
            self._bye()
        elif not self._confirmed:
            self._confirmed = True
            self._tell("answered")

    async def refer(self, to: str) -> ReferOutcome:
        if not self._confirmed:
            return ReferOutcome(done=False, status=481, reason="the call does not stand")
        return await super().refer(to)


def _one_line(reason: str) -> str:
    """As a status line can hold it: whoever gives the reason writes no header with it."""
    return "".join(character if character.isprintable() else " " for character in reason)[:100]
