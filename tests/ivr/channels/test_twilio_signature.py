"""A webhook is believed only when Twilio signed it, wherever the web stands: bare, on a port, behind a proxy."""

import base64
import hashlib
import hmac
import subprocess
import sys

import pytest
from werkzeug.datastructures import MultiDict
from werkzeug.test import EnvironBuilder

from ivr.channels.twilio.forms import Webhook as Request
from ivr.channels.twilio.signature import SignatureCheck

TOKEN = "token-of-the-tests"
FIELDS = {"CallSid": "CA" + "0" * 32, "From": "+8613800000001", "To": "95598"}


def sign(url: str, fields: dict[str, str] | list[tuple[str, str]] = (), token: str = TOKEN) -> str:
    """Twilio's own recipe, written down once more so that the library is checked too."""
    pairs = sorted(set(fields.items() if isinstance(fields, dict) else fields))
    text = url + "".join(name + value for name, value in pairs)
    return base64.b64encode(hmac.new(token.encode(), text.encode(), hashlib.sha1).digest()).decode()


def request(path="/twilio/voice", *, signature=None, fields=FIELDS, host="ivr.example.org", **options) -> Request:
    headers = options.pop("headers", {})
    if signature is not None:
        headers["X-Twilio-Signature"] = signature
    builder = EnvironBuilder(
        path=path, method="POST", base_url=f"http://{host}", headers=headers, data=fields, **options
    )
    environ = builder.get_environ()
    environ.setdefault("REMOTE_ADDR", "127.0.0.1")
    return Request(environ)


def check(public_url="https://ivr.example.org", proxies=()) -> SignatureCheck:
    return SignatureCheck.of(TOKEN, public_url, proxies)


def test_what_twilio_signed_is_believed():
    signed = request(signature=sign("https://ivr.example.org/twilio/voice", FIELDS))
    assert check().refuse(signed) is None


def test_a_slash_at_the_end_of_the_public_url_changes_nothing():
    signed = request(signature=sign("https://ivr.example.org/twilio/voice", FIELDS))
    assert check("https://ivr.example.org/").refuse(signed) is None


def test_a_proxy_that_strips_a_path_is_named_in_the_public_url():
    signed = request(signature=sign("https://example.org/hotline/twilio/voice", FIELDS))
    assert check("https://example.org/hotline").refuse(signed) is None


@pytest.mark.parametrize("port", ["", ":443"])
@pytest.mark.parametrize("ours", ["", ":443"])
def test_the_default_port_may_be_written_or_not(port, ours):
    signed = request(signature=sign(f"https://ivr.example.org{port}/twilio/voice", FIELDS))
    assert check(f"https://ivr.example.org{ours}").refuse(signed) is None


@pytest.mark.parametrize("port", ["", ":8443"])
def test_another_port_may_be_signed_or_left_out(port):
    signed = request(signature=sign(f"https://ivr.example.org{port}/twilio/voice", FIELDS))
    assert check("https://ivr.example.org:8443").refuse(signed) is None


@pytest.mark.parametrize(
    "change",
    [
        {"fields": {**FIELDS, "From": "+8613800000002"}},
        {"fields": {**FIELDS, "Digits": "1"}},
        {"path": "/twilio/turn"},
        {"path": "/twilio/voice?call=1"},
        {"signature": ""},
        {"signature": "no base64 at all"},
        {"signature": sign("https://ivr.example.org/twilio/voice", FIELDS, token="another")},
    ],
)
def test_anything_else_is_refused(change):
    signature = sign("https://ivr.example.org/twilio/voice", FIELDS)
    refused = check().refuse(request(**{"signature": signature, **change}))
    assert refused is not None
    assert refused.url.startswith("https://ivr.example.org/twilio/")
    assert TOKEN not in refused.reason


def test_an_unsigned_request_is_refused_and_says_so():
    refused = check().refuse(request())
    assert refused is not None
    assert "carries no X-Twilio-Signature" in refused.reason


def test_the_query_is_taken_byte_for_byte():
    """Flask's request.url would give 名 and %2B decoded, and no such signature would ever fit."""
    target = "/twilio/voice?name=%E5%90%8D&to=%2B86&plus=a+b"
    signed = request(target, signature=sign(f"https://ivr.example.org{target}", FIELDS))
    assert check().refuse(signed) is None


@pytest.mark.parametrize("variable", ["RAW_URI", "REQUEST_URI", None])
def test_every_kind_of_server_gives_the_same_address(variable):
    target = "/twilio/voice?name=%E5%90%8D"
    signed = request(target, signature=sign(f"https://ivr.example.org{target}", FIELDS))
    raw = signed.environ.pop("RAW_URI")
    del signed.environ["REQUEST_URI"]
    if variable:
        signed.environ[variable] = raw
    assert check().signed_url(signed) == f"https://ivr.example.org{target}"
    assert check().refuse(signed) is None


def test_a_target_in_the_absolute_form_is_cut_to_its_path():
    signed = request()
    signed.environ["RAW_URI"] = "http://ivr.example.org/twilio/voice?a=%20"
    assert check().signed_url(signed) == "https://ivr.example.org/twilio/voice?a=%20"


def test_without_a_public_url_the_host_that_was_asked_counts():
    signed = request(signature=sign("http://pbx.local:8080/twilio/voice", FIELDS), host="pbx.local:8080")
    assert check(None).refuse(signed) is None


FORWARDED = {"X-Forwarded-Proto": "https", "X-Forwarded-Host": "ivr.example.org"}


def test_a_trusted_proxy_says_what_was_asked():
    signed = request(
        signature=sign("https://ivr.example.org/twilio/voice", FIELDS), host="10.0.0.5:8080", headers=dict(FORWARDED)
    )
    assert check(None, ["127.0.0.0/8"]).refuse(signed) is None


def test_anybody_else_is_not_believed():
    signed = request(
        signature=sign("https://ivr.example.org/twilio/voice", FIELDS), host="10.0.0.5:8080", headers=dict(FORWARDED)
    )
    refused = check(None, ["192.168.0.0/16"]).refuse(signed)
    assert refused is not None
    assert refused.url == "http://10.0.0.5:8080/twilio/voice"


def test_of_several_forwarded_values_the_nearest_proxy_s_counts():
    headers = {"X-Forwarded-Proto": "http, https", "X-Forwarded-Host": "evil.example, ivr.example.org"}
    assert check(None, ["127.0.0.1"]).signed_url(request(headers=headers)) == "https://ivr.example.org/twilio/voice"


@pytest.mark.parametrize(("port", "host"), [("8443", "ivr.example.org:8443"), ("443", "ivr.example.org")])
def test_a_forwarded_port_is_part_of_the_address(port, host):
    headers = {**FORWARDED, "X-Forwarded-Port": port}
    assert check(None, ["127.0.0.1"]).signed_url(request(headers=headers)) == f"https://{host}/twilio/voice"


def test_a_field_sent_twice_is_signed_with_both_values():
    pairs = [("a", "2"), ("a", "1"), ("b", "")]
    signed = request(fields=MultiDict(pairs), signature=sign("https://ivr.example.org/twilio/voice", pairs))
    assert check().refuse(signed) is None


def json_request(body: bytes, digest: str | None = None, content_type="application/json") -> Request:
    target = f"/twilio/status?bodySHA256={digest or hashlib.sha256(body).hexdigest()}"
    return request(target, fields=body, content_type=content_type, signature=sign(f"https://ivr.example.org{target}"))


def test_a_json_body_is_signed_through_its_digest():
    assert check().refuse(json_request('{"text": "停电"}'.encode())) is None


def test_a_json_body_that_was_changed_is_refused():
    refused = check().refuse(json_request(b'{"amount": 2}', hashlib.sha256(b'{"amount": 1}').hexdigest()))
    assert refused is not None


def test_a_json_body_without_its_digest_is_refused_although_the_address_is_signed():
    signed = request(
        fields=b"{}", content_type="application/json", signature=sign("https://ivr.example.org/twilio/voice")
    )
    refused = check().refuse(signed)
    assert refused is not None
    assert "bodySHA256" in refused.reason


def test_a_body_that_is_not_utf_8_is_refused():
    assert check().refuse(json_request(b"\xff\xfe\x00")) is not None


@pytest.mark.parametrize("host", ["ivr.example.org:99999", "ivr.example.org:port", "[::1", ""])
def test_a_host_that_is_none_is_refused(host):
    odd = request(signature="x")
    odd.environ["HTTP_HOST"] = host
    assert check(None).refuse(odd) is not None


def test_a_proxy_that_is_no_address_is_a_bad_setting():
    with pytest.raises(ValueError, match="nginx"):
        check(None, ["nginx"])


def test_checking_a_signature_does_not_load_the_rest_client():
    script = (
        "import sys, ivr.channels.twilio.signature, ivr.channels.twilio.twiml; sys.exit('twilio.rest' in sys.modules)"
    )
    subprocess.run([sys.executable, "-c", script], check=True, timeout=60)
