"""Where Twilio asks what to do with a caller, and tells how calls end: a WSGI application of its own.

It guards itself by signature; sessions, CSRF, rate limits and headers for browsers have no place here, and Flask's
contexts would cost a turn a tenth of its time.

Nothing here may fail towards the caller: an answer that is no TwiML ends the call with "an application error has
occurred". So whatever breaks on our side (database gone or locked, a bug) is answered with an apology that comes back
by itself, and after that with a person, if the utility named one. What is wrong with a request is a 4xx with a text
that says how to mend it. Never a 3xx: Twilio would come back with a GET and without its fields.
"""

from __future__ import annotations

import wave
from collections.abc import Callable, Iterable
from dataclasses import replace
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import structlog
from werkzeug.exceptions import HTTPException, NotFound, RequestEntityTooLarge
from werkzeug.utils import send_file
from werkzeug.wrappers import Response

from ivr.calls import CallEnded, CallError, NewCall, NoSuchCall, TurnAnswer
from ivr.channels.prompt_recordings import PromptRecordings, as_played
from ivr.channels.twilio import forms, streams
from ivr.channels.twilio.call_status import CallProgress
from ivr.channels.twilio.forms import BadRequest, Webhook
from ivr.channels.twilio.signature import SignatureCheck
from ivr.channels.twilio.twiml import HANG_UP, apology, put_through, render
from ivr.channels.twilio.urls import PROMPTS, PUT_THROUGH_ENDED, STATUS, STREAM_ENDED, TURN, VOICE, WITHOUT_STREAM, Urls
from ivr.events import DialEnded, NoInput
from ivr.outputs import RINGS_S, Output, Say, Segment, Transfer
from ivr.runner import Runner
from models import CallStatus, Channel
from settings import Settings
from speech.audio import RATE, AudioError, mulaw_to_pcm

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

log = structlog.get_logger("twilio")
MOST_RETRIES = 2
_KEPT = ("RecordingUrl", "RecordingSid", "RecordingDuration", "DialCallStatus", "DialCallDuration")
_NOT_CONFIGURED = "Twilio is not configured here: set TWILIO_ACCOUNT_SID and TWILIO_AUTH_TOKEN and start again.\n"
_APOLOGY = {
    "zh-CN": "非常抱歉，热线系统正在恢复，请稍候。",
    "en": "We are sorry. The hotline is being restored. Please hold on.",
}
_GOODBYE = {
    "zh-CN": "通话已结束，如需帮助请再次拨打。",
    "en": "This call has ended. Please call again if you need help.",
}


class Parts(Protocol):
    """What the webhooks need of the house."""

    @property
    def settings(self) -> Settings: ...

    @property
    def runner(self) -> Runner: ...


class Webhooks:
    """`/twilio/voice`, `turn`, `status`, `stream-ended`, `put-through-ended` and the recorded prompts.

    Raises ValueError for a bad proxy.
    """

    def __init__(self, parts: Parts) -> None:
        settings = parts.settings
        self._settings = settings
        self._runner = parts.runner
        self._prompts = PromptRecordings.of(settings)
        self._progress = CallProgress(parts.runner)
        self._urls = Urls((settings.server.public_url or "").rstrip("/"))
        self._urls_without_stream = replace(self._urls, without_stream=True)
        token = settings.twilio.auth_token
        self._check: SignatureCheck | None = None
        if settings.twilio.enabled and token is not None:
            server = settings.server
            self._check = SignatureCheck.of(token.get_secret_value(), server.public_url, server.trusted_proxies)
        self._views: dict[str, Callable[[Webhook], Response]] = {
            VOICE: self._voice, TURN: self._turn, STATUS: self._status, STREAM_ENDED: self._stream_ended,
            PUT_THROUGH_ENDED: self._put_through_ended,
        }  # fmt: skip

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        request = Webhook(environ)
        request.max_content_length = self._settings.server.max_body_bytes
        return self._respond(request)(environ, start_response)

    def _respond(self, request: Webhook) -> Response:
        try:
            view = self._views.get(request.path)
            if view is None:
                return self._prompt(request)
            return self._refused(request) or view(request)
        except BadRequest as error:
            return _refuse(request, error.status, str(error))
        except RequestEntityTooLarge:
            return _refuse(
                request, 413, f"more than {request.max_content_length} bytes; a Twilio webhook has a few hundred"
            )
        except HTTPException as error:  # a body that breaks off, a prompt that is not there
            return _refuse(request, error.code or 400, error.description or "this request cannot be read")

    def _refused(self, request: Webhook) -> Response | None:
        """An answer when the request is not Twilio's, None when it is."""
        if self._check is None:
            return Response(_NOT_CONFIGURED, 503, mimetype="text/plain")
        if request.method != "POST":
            return _refuse(request, 405, "set this webhook to HTTP POST at Twilio", Allow="POST")
        request.get_data()  # what is too large, or breaks off, is that before it is anything else
        refused = self._check.refuse(request)
        if refused is not None:
            return _refuse(
                request,
                403,
                f"{refused.reason}. The signature was checked against {refused.url}: that must be the address "
                "set at Twilio (see server.public_url), and the auth token that of the same account.",
            )
        if request.mimetype != forms.FORM:
            raise BadRequest(f"a voice webhook is a form ({forms.FORM}), this is {request.mimetype or 'nothing'}", 415)
        return None

    # --- Twilio asks what to do

    def _voice(self, request: Webhook) -> Response:
        """A call reaches us, or one that we began has been answered (`?call=`)."""
        forms.required(request.form, "CallSid", "From", "To")
        sid = forms.sid(request.form, "CallSid", "CA")
        if "call" in request.args:
            call_id = forms.call_id(request.args)
            given = {"answered_by": forms.answered_by(request.form)}
            return self._answer(
                request,
                lambda: self._runner.answered(call_id, provider_id=sid, variables=given),
                lambda retry: self._urls.voice(call_id, retry=retry),
            )
        caller, called = forms.number(request.form["From"]), forms.number(request.form["To"])
        new = NewCall(Channel.TWILIO, sid, caller, called)
        return self._answer(request, lambda: self._runner.begin(new), lambda retry: self._urls.voice(None, retry=retry))

    def _turn(self, request: Webhook) -> Response:
        """The caller has done something, or nothing, at the wait of an answer."""
        call_id, number = forms.call_id(request.args), forms.turn_number(request.args)
        forms.sid(request.form, "CallSid", "CA")
        turn = forms.turn(request.form, request.args)

        def answer() -> TurnAnswer:
            if turn.event is None:
                self._runner.ended(call_id, turn.over or CallStatus.COMPLETED, "caller")
                return self._runner.current(call_id)
            if _retries(request) and isinstance(turn.event, NoInput):  # what was keyed or said is gone: ask once more
                return self._runner.current(call_id)
            answered = self._runner.resume(call_id, number, turn.event, recording=turn.recording)
            if answered.replayed and turn.recording is not None:  # a repeat, or the call was ended just before
                self._progress.keep(call_id, turn.recording)
            if turn.over is not None:
                self._runner.ended(call_id, turn.over, "caller")
            return answered

        return self._answer(
            request, answer, lambda retry: self._urls.turn(call_id, number, retry=retry, **_kept(request))
        )

    def _put_through_ended(self, request: Webhook) -> Response:
        """A talk that an agent had Twilio put the caller through to is over, or was never begun."""
        call_id, number = forms.call_id(request.args), forms.turn_number(request.args)
        forms.sid(request.form, "CallSid", "CA")
        turn = forms.turn(request.form, request.args)

        def answer() -> TurnAnswer:
            # Where nobody answered, that is nothing to the flow: the caller waits for an agent again.
            talk = turn.event if isinstance(turn.event, DialEnded) and turn.event.status == "answered" else None
            self._progress.put_through_over(call_id, answered=talk is not None)
            answered = None if talk is None else self._runner.resume(call_id, number, talk)
            if turn.over is not None:
                self._runner.ended(call_id, turn.over, "caller")
            return answered or self._runner.current(call_id)

        return self._answer(
            request, answer, lambda retry: self._urls.put_through_ended(call_id, number, retry=retry, **_kept(request))
        )

    def _answer(self, request: Webhook, answer: Callable[[], TurnAnswer], again: Callable[[str], str]) -> Response:
        """The caller's next document. `again` makes the address of another try."""
        try:
            document = self._document(request, answer())
        except CallEnded as error:  # too long, or ended by an operator: the caller may still be there
            log.info("call is over", reason=str(error))
            document = apology(*self._text(_GOODBYE))
        except NoSuchCall as error:
            raise BadRequest(str(error), 404) from error
        except CallError as error:
            raise BadRequest(str(error), 409) from error
        except Exception:  # whatever it was, the caller must hear something
            retries = _retries(request)
            log.exception("no answer for the caller", path=request.path, retries=retries)
            document = self._apologise(again(str(retries + 1)) if retries < MOST_RETRIES else None)
        return Response(document, mimetype="text/xml")

    def _document(self, request: Webhook, turn: TurnAnswer) -> str:
        """What the caller hears and is waited for: over a stream where the number has one, else in Twilio's words."""
        left_stream = WITHOUT_STREAM in request.args
        wanted = streams.streams(self._settings, request.form) or streams.to_agents(turn)
        if not left_stream and wanted and self._settings.media.public_url:
            return streams.connect(self._settings, self._urls, turn, request.form["CallSid"])
        return self._rendered(turn, self._urls_without_stream if left_stream else self._urls)

    def _rendered(self, turn: TurnAnswer, urls: Urls) -> str:
        said: tuple[Output, ...] = ()
        while streams.to_agents(turn):  # they talk through the media gateway, where Twilio cannot bring this call
            said += tuple(output for output in turn.outputs if isinstance(output, Say))
            turn = self._runner.resume(turn.call_id, turn.turn, DialEnded("failed"))
        turn = replace(turn, outputs=(*said, *turn.outputs))
        return render(turn.outputs, call_id=turn.call_id, turn=turn.turn, urls=urls, playable=self._playable)

    def _stream_ended(self, request: Webhook) -> Response:
        """A stream is over: because the call is, because it is to be put through, or because it broke."""
        call_id, number, broken = (
            forms.call_id(request.args), forms.turn_number(request.args), forms.broken(request.args),
        )  # fmt: skip
        sid = forms.sid(request.form, "CallSid", "CA")
        try:
            if request.form.get("CallStatus") and (status := forms.status(request.form)).final:  # the caller is gone
                self._progress.call(call_id, sid, status)
                return Response(HANG_UP, mimetype="text/xml")
            document = self._after_stream(call_id, sid, number, broken)
        except BadRequest:
            raise
        except NoSuchCall as error:
            raise BadRequest(str(error), 404) from error
        except Exception:  # whatever it was, the caller must hear something
            retries = _retries(request)
            log.exception("no answer for the caller", path=request.path, retries=retries)
            again = self._urls.stream_ended(call_id, number, broken, retry=str(retries + 1))
            document = self._apologise(again if retries < MOST_RETRIES else None)
        return Response(document, mimetype="text/xml")

    def _after_stream(self, call_id: str, sid: str, number: int, broken: int) -> str:
        """`broken` streams of answer `number` had broken when this one was begun."""
        turn = self._runner.current(call_id)
        if self._progress.over(call_id):  # before the stream is closed, its last words having been heard
            return HANG_UP
        handed = self._progress.handed_over(call_id) if isinstance(turn.outputs[-1], Transfer) else None
        if handed is not None:
            if handed.by_agent_to is not None:
                return put_through(handed.by_agent_to, RINGS_S, self._urls.put_through_ended(call_id, turn.turn))
            return self._rendered(replace(turn, outputs=turn.outputs[-1:]), self._urls)
        broken = broken + 1 if turn.turn == number else 1  # one that has carried the call on was a good one
        if broken < streams.MOST_STREAMS:
            log.warning("stream broke and is begun again", call=call_id)
            return streams.connect(self._settings, self._urls, turn, sid, broken)
        log.warning("streams do not hold; the call goes on by webhook", call=call_id)
        self._progress.left_stream(call_id)
        return self._rendered(turn, self._urls_without_stream)

    def _apologise(self, retry_url: str | None) -> str:
        transfer_to = self._settings.utility.transfer_number
        return apology(*self._text(_APOLOGY), retry_url=retry_url, transfer_to=transfer_to)

    def _text(self, texts: dict[str, str]) -> tuple[str, str]:
        language = self._settings.utility.default_language
        return (texts[language], language) if language in texts else (texts["en"], "en")

    # --- Twilio tells

    def _status(self, request: Webhook) -> Response:
        """How a call, or the recording of a message, stands. Late, early and repeated ones do no harm."""
        sid = forms.sid(request.form, "CallSid", "CA")
        call_id = forms.call_id(request.args) if "call" in request.args else None
        try:
            if "RecordingStatus" in request.form:
                turn = forms.turn_number(request.args) if "turn" in request.args else None
                self._progress.recording(call_id, sid, turn, request.form)
            else:
                forms.required(request.form, "CallStatus")
                self._progress.call(call_id, sid, forms.status(request.form))
        except BadRequest:
            raise
        except Exception:
            log.exception("status not kept", path=request.path)
            return Response("the hotline could not write this down\n", 503, mimetype="text/plain")
        return Response(status=204)

    # --- what is played

    def _prompt(self, request: Webhook) -> Response:
        language, _, file = request.path.removeprefix(f"{PROMPTS}/").partition("/")
        path = self._prompts.path(language, file.removesuffix(".wav")) if file.endswith(".wav") else None
        if path is None or request.method not in {"GET", "HEAD"}:
            raise NotFound("there is nothing at this address")
        try:
            sound: BytesIO | Path = _wav(as_played(path))
        except AudioError as error:  # perhaps Twilio can make something of it
            log.error("recorded_prompt_unreadable", error=str(error))
            sound = path
        return send_file(sound, request.environ, mimetype="audio/wav", max_age=3600)

    def _playable(self, segment: Segment) -> str | None:
        if segment.prompt is None or self._prompts.path(segment.language, segment.prompt) is None:
            return None
        return self._urls.prompt(segment.language, segment.prompt)


def _wav(mulaw: bytes) -> BytesIO:
    file = BytesIO()
    with wave.open(file, "wb") as writer:
        writer.setnchannels(1)
        writer.setsampwidth(2)
        writer.setframerate(RATE)
        writer.writeframes(mulaw_to_pcm(mulaw))
    file.seek(0)
    return file


def _retries(request: Webhook) -> int:
    value = request.args.get("retry", "0")
    return int(value) if value in {"1", "2", "3"} else 0


def _kept(request: Webhook) -> dict[str, str]:
    """What another try of the same answer has to know, in its address."""
    return {name: value for name in _KEPT if (value := request.form.get(name) or request.args.get(name))}


def _refuse(request: Webhook, status: int, reason: str, **headers: str) -> Response:
    log.warning("webhook refused", status=status, reason=reason, path=request.path)
    return Response(f"{reason}\n", status, headers, mimetype="text/plain")
