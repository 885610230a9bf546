"""Twilio's part in a call, played by us: signed requests out, TwiML followed as Twilio follows it.

`SimulatedCall` asks the hotline, runs what it gets verb by verb, and stops where the caller has to do something.
The terminal (`simulate`) and the tests drive it. It knows nothing of how requests are sent: see `Transport`.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final, NoReturn
from urllib.parse import urlencode, urljoin
from xml.etree import ElementTree

from twilio.request_validator import RequestValidator

from ivr.channels.twilio.signature import SIGNATURE_HEADER

API_VERSION: Final = "2010-04-01"
MOST_REDIRECTS: Final = 20  # documents run without the caller doing anything; more is a loop
_STREAM_TOKEN: Final = re.compile(r'(<Stream url="[^"]*/)[^"/]*')
_VERBS = {"Say", "Play", "Pause", "Gather", "Record", "Dial", "Connect", "Redirect", "Hangup"}


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    body: str
    content_type: str = "text/xml"


Transport = Callable[[str, bytes, Mapping[str, str]], Answer]  # address, form body, headers -> what came back


@dataclass(frozen=True, slots=True)
class Waiting:
    """Where the call stands. `kind`: gather, record, dial, connect or over. `heard`: what the caller heard until then.

    At `connect`, `stream` is the address that Twilio opens a stream to, and `parameters` go with its start.
    """

    kind: str
    heard: tuple[str, ...]
    attributes: Mapping[str, str] = field(default_factory=dict)
    dialled: str = ""
    stream: str = ""
    parameters: Mapping[str, str] = field(default_factory=dict)


class ApplicationError(Exception):
    """What Twilio would log as an error: the caller hears "an application error has occurred" and is cut off."""


class SimulatedCall:
    """One call. `replay`: every request is sent twice, as a carrier may; both answers must be the same.

    Raises ApplicationError where Twilio would give up, ValueError for an input the call is not waiting for.
    """

    def __init__(
        self, transport: Transport, *, account_sid: str, auth_token: str, from_number: str, to_number: str,
        direction: str = "inbound", call_sid: str | None = None, status_url: str | None = None, replay: bool = False,
        unsigned: bool = False, api_url: str = "https://api.twilio.com",
    ) -> None:  # fmt: skip
        self.call_sid = call_sid or f"CA{secrets.token_hex(16)}"
        self.answers: list[Answer] = []
        self.waiting = Waiting("over", ())
        self._transport = transport
        self._validator = RequestValidator(auth_token)
        self._common = {
            "CallSid": self.call_sid, "AccountSid": account_sid, "From": from_number, "To": to_number,
            "Caller": from_number, "Called": to_number, "Direction": direction, "ApiVersion": API_VERSION,
        }  # fmt: skip
        self._status_url = status_url
        self._replay = replay
        self._unsigned = unsigned
        self._recordings = f"{api_url}/{API_VERSION}/Accounts/{account_sid}/Recordings"
        self._url = ""
        self._verbs: list[ElementTree.Element] = []
        self._verb: ElementTree.Element | None = None
        self._heard: list[str] = []
        self._documents = 0
        self._sequence = 0
        self._over_already = False

    # --- the caller's acts

    def begin(self, url: str, **more: str) -> Waiting:
        """The call is put through to the hotline. An inbound one is still ringing when Twilio asks."""
        if self._common["Direction"] == "inbound":
            fields = {"CallStatus": "ringing", **more}
        else:
            fields = {"CallStatus": "in-progress", **more}
        return self._ask(url, fields)

    def press(self, keys: str) -> Waiting:
        """Keys in a row, each within the timeout of the one before. What the wait does not take is lost."""
        gather = self._expect("gather", "record")
        if gather.tag == "Record":
            raise ValueError("somebody is recording: say something, or hang up")
        if "dtmf" not in gather.get("input", "dtmf").split():
            return self.silence()
        entry, finish = "", gather.get("finishOnKey", "#")
        most = int(gather.get("numDigits", "0")) or len(keys)
        for key in keys:
            if key in finish:
                if entry:  # before any digit it does nothing
                    return self._gathered({"Digits": entry, "FinishedOnKey": key})
                continue
            entry += key
            if len(entry) == most:
                break
        return self._gathered({"Digits": entry, "FinishedOnKey": ""}) if entry else self.silence()

    def speak(self, text: str, confidence: float = 0.93) -> Waiting:
        gather = self._expect("gather")
        if "speech" not in gather.get("input", "dtmf").split():
            return self.silence()
        language = gather.get("language", "en-US")
        return self._gathered({"SpeechResult": text, "Confidence": f"{confidence}", "Language": language})

    def silence(self) -> Waiting:
        gather = self._expect("gather")
        if gather.get("actionOnEmptyResult", "false") != "true":
            return self._run()
        return self._gathered({"Digits": ""} if "dtmf" in gather.get("input", "dtmf") else {})

    def leave(self, seconds: int, *, hang_up: bool = False, recording_sid: str | None = None) -> Waiting:
        """A message of `seconds`; 0 is none, and Twilio goes on with the next verb."""
        record = self._expect("record")
        if seconds <= 0:
            return self._over() if hang_up else self._run()
        sid = recording_sid or f"RE{secrets.token_hex(16)}"
        recording = {
            "RecordingSid": sid, "RecordingUrl": f"{self._recordings}/{sid}", "RecordingDuration": str(seconds),
        }  # fmt: skip
        status = {"CallStatus": "completed" if hang_up else "in-progress"}
        digits = "hangup" if hang_up else record.get("finishOnKey", "#")[:1]
        fields = {**status, **recording, "Digits": digits}
        callback, document = record.get("recordingStatusCallback"), self._url
        if hang_up:  # nobody is left to follow the document that comes back
            self.post(self._action(record), fields)
            self._over()
        else:
            self._ask(self._action(record), fields)
        if callback:
            made = {"RecordingStatus": "completed", "RecordingChannels": "1", "RecordingSource": "RecordVerb"}
            self.post(urljoin(document, callback), {**recording, **made})
        return self.waiting

    def dial_ended(self, status: str, seconds: int = 0) -> Waiting:
        """`status` in Twilio's words: completed, busy, no-answer, failed, canceled."""
        dial = self._expect("dial")
        if dial.get("action") is None:
            return self._run()
        fields = {"CallStatus": "in-progress", "DialCallStatus": status, "DialCallSid": f"CA{secrets.token_hex(16)}"}
        return self._ask(self._action(dial), fields | ({"DialCallDuration": str(seconds)} if seconds else {}))

    def stream_ended(self) -> Waiting:
        """The stream is over, whoever ended it, or could not be begun."""
        return self._ask(self._action(self._expect("connect")), {"CallStatus": "in-progress"})

    def hang_up(self) -> Waiting:
        """The caller puts the phone down. A `<Connect>` or `<Dial>` that ends by it still asks its action."""
        verb = self._verb
        if verb is not None and (verb.tag == "Connect" or (verb.tag == "Dial" and verb.get("action"))):
            dialled = {"DialCallStatus": "canceled"} if verb.tag == "Dial" else {}
            self.post(self._action(verb), {"CallStatus": "completed", **dialled})
        return self._over()

    def signature_of_stream(self) -> str:
        """What Twilio puts into the header of the request that opens the stream."""
        return str(self._validator.compute_signature(self.waiting.stream, {}))

    def report(self, status: str, **more: str) -> Answer | None:
        """A status callback. None where nobody wants one."""
        if self._status_url is None:
            return None
        fields = {"CallStatus": status, "CallbackSource": "call-progress-events", "SequenceNumber": str(self._sequence)}
        self._sequence += 1
        return self.post(self._status_url, fields | more)

    # --- Twilio's side

    def post(self, url: str, fields: Mapping[str, str]) -> Answer:
        """One signed request, without following what comes back."""
        form = {**self._common, **fields}
        headers = {"Content-Type": "application/x-www-form-urlencoded; charset=utf-8", "User-Agent": "TwilioProxy/1.1"}
        if not self._unsigned:
            headers[SIGNATURE_HEADER] = self._validator.compute_signature(url, form)
        body = urlencode(form).encode()
        answer = self._transport(url, body, headers)
        self.answers.append(answer)
        if self._replay:
            again = self._transport(url, body, headers)
            if (again.status, _comparable(again.body)) != (answer.status, _comparable(answer.body)):
                raise ApplicationError(f"the same request twice was answered differently: {answer} and {again}")
        return answer

    def _ask(self, url: str, fields: Mapping[str, str]) -> Waiting:
        self._documents += 1
        if self._documents > MOST_REDIRECTS:
            self._fail(f"{MOST_REDIRECTS} documents in a row without anything for the caller to do")
        answer = self.post(url, fields)
        self._url = url
        if answer.status != 200:
            self._fail(f"{url} answered {answer.status}: {answer.body[:300]}")
        try:
            response = ElementTree.fromstring(answer.body)  # noqa: S314 - the hotline's own answer
        except ElementTree.ParseError as error:
            self._fail(f"{url} answered no XML ({error}): {answer.body[:300]}")
        if response.tag != "Response" or any(verb.tag not in _VERBS for verb in response):
            self._fail(f"{url} answered what is no TwiML: {answer.body[:300]}")
        self._verbs = list(response)
        return self._run()

    def _run(self) -> Waiting:
        while self._verbs:
            verb = self._verbs.pop(0)
            if verb.tag == "Hangup":
                break
            if verb.tag == "Redirect":
                return self._ask(urljoin(self._url, verb.text or ""), {"CallStatus": "in-progress"})
            if verb.tag in {"Gather", "Record", "Dial", "Connect"}:
                return self._wait(verb)
            self._heard += _spoken([verb])
        return self._over()

    def _wait(self, verb: ElementTree.Element) -> Waiting:
        self._verb = verb
        self._documents = 0
        dialled = ""
        if verb.tag == "Gather":
            self._heard += _spoken(verb)
        if verb.tag == "Dial":
            dialled = " ".join(text.strip() for text in verb.itertext())
        stream = verb.find("Stream") if verb.tag == "Connect" else None
        self.waiting = Waiting(
            verb.tag.lower(), tuple(self._heard), dict(verb.attrib), dialled,
            stream.get("url", "") if stream is not None else "",
            {one.get("name", ""): one.get("value", "") for one in stream} if stream is not None else {},
        )  # fmt: skip
        self._heard = []
        return self.waiting

    def _gathered(self, fields: Mapping[str, str]) -> Waiting:
        gather = self._expect("gather")
        return self._ask(self._action(gather), {"CallStatus": "in-progress", "msg": "Gather End", **fields})

    def _over(self) -> Waiting:
        if not self._over_already:
            self._over_already = True
            self._verb = None
            self.waiting = Waiting("over", tuple(self._heard))
            self.report("completed", CallDuration="42")
        return self.waiting

    def _fail(self, why: str) -> NoReturn:
        self._over()
        raise ApplicationError(why)

    def _expect(self, *kinds: str) -> ElementTree.Element:
        if self._verb is None or self._verb.tag.lower() not in kinds:
            raise ValueError(f"the call is not waiting for that; it stands at {self.waiting.kind}")
        return self._verb

    def _action(self, verb: ElementTree.Element) -> str:
        return urljoin(self._url, verb.get("action") or self._url)


def _comparable(document: str) -> str:
    """Without what is made anew each time: the token in a stream's address holds the second it was made in."""
    return _STREAM_TOKEN.sub(r"\1", document)


def _spoken(verbs: Iterable[ElementTree.Element]) -> list[str]:
    """What is heard of them, one line each."""
    heard = []
    for verb in verbs:
        if verb.tag == "Say":
            heard.append("".join(verb.itertext()))
        elif verb.tag == "Play":
            heard.append(f"[plays {verb.text}]")
        elif verb.tag == "Pause":
            heard.append(f"[{verb.get('length', '1')} s of silence]")
    return heard
