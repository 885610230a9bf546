"""A call of ours: it rings somewhere until it is answered, refused, or given up."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from aiosipua import CaseInsensitiveDict, SipRequest, generate_tag

from media.codec import Codec
from media.sip.asking import Asking
from media.sip.client_transactions import State
from media.sip.clock import Timer
from media.sip.core import Core, with_headers
from media.sip.dialog_call import DialogCall, log
from media.sip.dialogs import Dialog
from media.sip.listening import CallListener, EndReason
from media.sip.messages import Response, Source, new_request
from media.sip.session_timers import MIN_SE, answered_with, least_of, request_headers


@dataclass(frozen=True, slots=True)
class Plan:
    """Whom to call, as whom, and how."""

    call_id: str
    uri: str
    from_header: str  # without our tag
    from_number: str
    to_number: str
    rtp: tuple[str, int]
    ring_timeout_s: float
    headers: Mapping[str, str]


class OutboundCall(DialogCall):
    def __init__(self, core: Core, plan: Plan, listener: CallListener) -> None:
        super().__init__(core, plan.call_id, generate_tag(), "outbound", (plan.from_number, plan.to_number))
        self.listener = listener
        self._plan = plan
        self._cseq = 0
        self._interval = core.config.session_expires_s
        self._least = MIN_SE
        self._heard = False  # anything at all from them
        self._rang = self._cancelled = False
        self._headers = CaseInsensitiveDict()
        self._forks: dict[str, Dialog] = {}
        self.asking = Asking(core.layer.request, self._make_invite, self._on_answer, core.login)
        self._ringing: Timer | None = core.clock.call_later(plan.ring_timeout_s, self._rung_out)
        log.info("call out", call=self.id, from_number=self.from_number, to_number=self.to_number)

    def header(self, name: str) -> str | None:
        return self._headers.get_first(name)

    def go(self, to: Source | None) -> None:
        """Where it is to be sent has been found out; None: there is no such host."""
        if self._over:
            return
        if to is not None:
            self.source = (to.host, to.port)
        self.asking.go(to)

    def _make_invite(self) -> SipRequest:
        plan, to = self._plan, self.asking.to
        if to is None:
            raise RuntimeError("an INVITE is made once it is known where it goes")
        self._cseq += 1
        caller = f"{plan.from_header};tag={self._tag}"
        request = new_request(
            "INVITE", plan.uri, from_=caller, to=f"<{plan.uri}>", call_id=plan.call_id, cseq=self._cseq
        )
        if self._cseq == 1:
            self._sound.place(self._core.sound_host(plan.rtp[0], to.host), plan.rtp[1])
        timer = request_headers(self._interval, self._least)
        return with_headers(request, self._core.common_headers(to) | timer | dict(plan.headers), self._sound.as_it_is())

    # what they answer

    def _on_answer(self, response: Response) -> None:
        if not response.local:
            self._heard = True
        if response.status < 200:
            self._on_provisional(response)
        elif response.status < 300:
            self._on_accepted(response)
        elif response.status == 422 and not self._over and self._interval < least_of(response) < 86400:
            self._interval = self._least = least_of(response)
            self.asking.again()
        else:
            self.unreachable = response.local and not self._heard
            self._refused(503 if self.unreachable else response.status, response.reason)

    def _on_provisional(self, response: Response) -> None:
        if self._over:
            self._cancel()
        elif response.status > 100 and not self._rang:
            self._rang = True
            self._tell("rings")

    def _on_accepted(self, response: Response) -> None:
        request, to = self.asking.request, self.asking.to
        if request is None or to is None:
            return
        known = self._forks.get(response.to.tag)
        if known is not None:
            self._core.send_ack(known, response.cseq)
            return
        dialog = self._forks[response.to.tag] = Dialog.of_answer(request, response, self._answered_from(to))
        if self._over or self._answered:
            # Answered when we had given up, or by a second telephone: it is acknowledged and hung up.
            self._core.send_ack(dialog, response.cseq)
            self._core.ask(dialog, lambda: dialog.request("BYE"), lambda _response: None)
            return
        self._stop_ringing()
        self._begin_dialog(dialog)
        self._core.send_ack(dialog, response.cseq)
        self._headers = response.headers
        self._their_allow = response.headers.get("allow")
        self._answered = True
        fault = self._agree(response, without="answered without SDP")
        if fault is not None:
            self._refused(488, f"no sound could be agreed on: {fault}")
            self._bye()
            return
        self._sound_changed()
        self._watch.start(answered_with(response, self._interval))
        self._tell("answered")

    def _answered_from(self, to: Source) -> Source:
        """The INVITE's connection, where it went by one: requests within the call go the same way."""
        connection = self._core.transport.connections.find((to.host, to.port)) if to.transport == "TCP" else None
        return Source(to.transport, to.host, to.port, connection)

    # its end before it was answered

    def _refused(self, status: int, reason: str) -> None:
        if self._over:
            return
        self._over = True
        self._stop_ringing()
        self._stop()
        log.info("call refused", call=self.id, status=status, why=reason[:100])
        self._tell("refused", status, reason)
        if self.dialog is None:
            self._forget()

    def _rung_out(self) -> None:
        self._ringing = None
        self.unreachable = not self._heard
        self._give_up(503 if self.unreachable else 408, "nothing answered" if self.unreachable else "no answer in time")

    def _give_up(self, status: int, reason: str) -> None:
        self._refused(status, reason)
        self.asking.withdraw()
        self._cancel()

    def _cancel(self) -> None:
        """Once, when something has come from them; until then it waits for that (RFC 3261 section 9.1)."""
        transaction = self.asking.transaction
        if transaction is not None and transaction.state is State.PROCEEDING and not self._cancelled:
            self._cancelled = True
            transaction.cancel(lambda _response: None)
            transaction.give_up_after(self._core.layer.timing.giving_up)

    def _stop_ringing(self) -> None:
        if self._ringing is not None:
            self._ringing.cancel()
            self._ringing = None

    def hang_up(self) -> None:
        if self._over:
            return
        if self._answered:
            self._end_dialog(EndReason.OURS)
        else:
            self._give_up(487, "cancelled by us")

    def close_down(self) -> None:
        if self._answered and not self._over:
            self._end_dialog(EndReason.CLOSING)
        else:
            self.hang_up()

    # what only an inbound call can do

    def ring(self) -> None:
        """Theirs to do."""

    def accept(self, rtp: tuple[str, int], codec: Codec | None = None) -> None:
        raise ValueError("a call of ours is accepted by the far end")

    def reject(self, status: int, reason: str = "", retry_after_s: int | None = None) -> None:
        raise ValueError("a call of ours is rejected by the far end; hang_up gives it up")
