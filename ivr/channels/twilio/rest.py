"""Outbound calls through Twilio's REST API. `twilio.rest` takes half a second to import: only here, when first needed.

What Twilio answers is told apart by what to do about it (see `DialError`). The one that matters most is an answer
that got lost: the call may ring, and dialling again would ring the customer twice.
https://www.twilio.com/docs/voice/api/call-resource
"""

from __future__ import annotations

import time
from collections.abc import Callable, Collection
from datetime import UTC, datetime, timedelta
from typing import Any

import structlog

from database import Database
from ivr.channels.dialing import DialError, DialerUnavailable, DialRequest, DialResult
from ivr.channels.twilio.pacing import book
from ivr.channels.twilio.urls import Urls
from settings import Settings

log = structlog.get_logger("twilio")
API_URL = "https://api.twilio.com"
TIMEOUT_S = 10.0
LONGEST_WAIT_S = 20.0  # for a place under the calls per second; longer, and the job is put off instead
_CLOCKS_APART = timedelta(seconds=30)  # how far Twilio's clock and ours may differ
_FOUND_AT_MOST = 50

# https://www.twilio.com/docs/api/errors
_BAD_NUMBER = {13224, 21211, 21214, 21217, 21401, 21421}
_AUTHENTICATION = {20003, 20005, 20006}
_TOO_MANY = {20429, 10001}
_OUR_NUMBER = {21210, 21212, 21213}  # our own number is wrong or not ours


class TwilioDialer:
    """Implements `ivr.channels.dialing.Dialer`. Safe to share between threads."""

    def __init__(
        self, settings: Settings, database: Database, *, clock: Callable[[], datetime] | None = None,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:  # fmt: skip
        self._settings = settings
        self._database = database
        self._clock = clock or (lambda: datetime.now(UTC))
        self._sleep = sleep
        self._client: Any = None

    def dial(self, request: DialRequest) -> DialResult:
        missing = self._missing()
        if missing:
            return DialResult(error=DialError.NOT_CONFIGURED, reason=missing)
        pace = self._settings.twilio.calls_per_second
        wait_s = book(self._database, pace, self._clock(), longest_wait_s=LONGEST_WAIT_S)
        if wait_s is None:
            return DialResult(error=DialError.RATE_LIMITED, reason=f"more than {pace:g} calls a second are waiting")
        self._sleep(wait_s)
        result = self._attempt(request)
        if not result.ok:
            log.warning("dialling failed", call=request.call_id, error=result.error, reason=result.reason)
        return result

    def find(self, to_number: str, since: datetime, call_id: str, known: Collection[str] = ()) -> str | None:
        """See `Dialer.find`. Twilio does not give back the address a call was made with, so it goes by the number."""
        import requests
        from twilio.base.exceptions import TwilioException

        if self._missing():
            return None
        try:
            calls = self._api().calls.list(to=to_number, from_=self._settings.twilio.number, limit=_FOUND_AT_MOST)
        except (TwilioException, requests.RequestException) as error:
            raise DialerUnavailable(f"Twilio could not be asked about call {call_id}: {error}") from error
        ours = [call for call in calls if call.date_created >= since - _CLOCKS_APART and call.sid not in known]
        return min(ours, key=lambda call: call.date_created).sid if ours else None

    def _attempt(self, request: DialRequest) -> DialResult:
        import requests
        from twilio.base.exceptions import TwilioException

        urls = Urls((self._settings.server.public_url or "").rstrip("/"))
        try:
            call = self._api().calls.create(
                to=request.to_number,
                from_=self._settings.twilio.number,
                url=urls.voice(request.call_id),
                method="POST",
                timeout=request.ring_timeout_s,
                time_limit=self._settings.callflows.cut_off_after_s,
                machine_detection="Enable",
                status_callback=urls.status(request.call_id),
                status_callback_method="POST",
                status_callback_event=["initiated", "ringing", "answered", "completed"],
            )
        except TwilioException as error:
            return _refused(error)
        except requests.RequestException as error:
            return _unreached(error)
        return DialResult(provider_id=call.sid)

    def _missing(self) -> str:
        if not self._settings.twilio.enabled:
            return "TWILIO_ACCOUNT_SID and TWILIO_AUTH_TOKEN are not set"
        if not self._settings.twilio.number:
            return "twilio.number is not set: our number at Twilio, which customers see"
        if not self._settings.server.public_url:
            return "server.public_url is not set: Twilio would not find us when the customer answers"
        return ""

    def _api(self) -> Any:
        if self._client is None:
            self._client = _client(self._settings)
        return self._client


def _client(settings: Settings) -> Any:
    from twilio.http.http_client import TwilioHttpClient
    from twilio.rest import Client

    address = (settings.twilio.api_url or API_URL).rstrip("/")

    class Http(TwilioHttpClient):  # type: ignore[misc]  # the library carries no types
        def request(self, method: str, url: str, *arguments: Any, **options: Any) -> Any:
            return super().request(method, url.replace(API_URL, address, 1), *arguments, **options)

    token = settings.twilio.auth_token
    assert token is not None
    return Client(settings.twilio.account_sid, token.get_secret_value(), http_client=Http(timeout=TIMEOUT_S))


def _refused(error: Any) -> DialResult:
    """Twilio answered, and not with a call."""
    code, status = getattr(error, "code", None), getattr(error, "status", 0) or 0
    reason = f"Twilio {code or status}: {getattr(error, 'msg', '') or getattr(error, 'detail', '') or error}"
    if code in _BAD_NUMBER:
        kind = DialError.BAD_NUMBER
    elif code in _AUTHENTICATION or status == 401:
        kind = DialError.AUTHENTICATION
    elif code in _TOO_MANY or status == 429:
        kind = DialError.RATE_LIMITED
    elif code in _OUR_NUMBER:
        kind = DialError.NOT_CONFIGURED
    elif status == 503:
        kind = DialError.UNAVAILABLE
    elif status >= 500 or not status:
        kind = DialError.UNKNOWN
    else:
        kind = DialError.REFUSED
    return DialResult(error=kind, reason=reason)


def _unreached(error: Exception) -> DialResult:
    """No answer. Only when the connection was never made is it certain that no call was begun."""
    import requests
    from urllib3.exceptions import NewConnectionError

    cause = getattr(error.args[0], "reason", None) if error.args else None
    never_sent = isinstance(error, requests.ConnectTimeout) or isinstance(cause, NewConnectionError)
    kind = DialError.UNAVAILABLE if never_sent else DialError.UNKNOWN
    return DialResult(error=kind, reason=f"Twilio was not reached: {type(cause or error).__name__}")
