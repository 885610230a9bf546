"""Is this request really Twilio's? The signature is made over the address as Twilio wrote it, so that is rebuilt.

Twilio signs base64(HMAC-SHA1(token, url + each POST field's name and value in order of name)); a JSON body is not
part of it, its SHA-256 stands in the address as `bodySHA256`. With and without the port both count.
https://www.twilio.com/docs/usage/webhooks/webhooks-security

Werkzeug's `request.url` is of no use here: it decodes what is percent-encoded in the query. The address is
`server.public_url` (or the host that was asked, or what a trusted proxy says it was) and the raw target of the request.
"""

from __future__ import annotations

import hmac
import ipaddress
from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import quote, urlsplit

from twilio.request_validator import RequestValidator
from werkzeug.datastructures import MultiDict
from werkzeug.wrappers import Request

SIGNATURE_HEADER = "X-Twilio-Signature"
_FORM = "application/x-www-form-urlencoded"
_DEFAULT_PORTS = {"http": "80", "https": "443"}


@dataclass(frozen=True, slots=True)
class Refused:
    """Why a request was not taken for Twilio's. `reason` and `url` go to the log and may be shown: no secrets."""

    reason: str
    url: str


@dataclass(frozen=True, slots=True)
class SignatureCheck:
    """`public_url`: how Twilio reaches the web (None: as the request says). `proxies`: whose X-Forwarded-* count."""

    validator: RequestValidator
    public_url: str | None
    proxies: tuple[ipaddress.IPv4Network | ipaddress.IPv6Network, ...]

    @classmethod
    def of(cls, auth_token: str, public_url: str | None, trusted_proxies: Iterable[str]) -> SignatureCheck:
        """Raises ValueError for a proxy that is neither an address nor a network."""
        networks = tuple(ipaddress.ip_network(proxy, strict=False) for proxy in trusted_proxies)
        return cls(RequestValidator(auth_token), public_url.rstrip("/") if public_url else None, networks)

    def refuse(self, request: Request) -> Refused | None:
        """None when the request is Twilio's."""
        url = self.signed_url(request)
        signature = request.headers.get(SIGNATURE_HEADER, "")
        if not signature:
            return Refused(f"the request carries no {SIGNATURE_HEADER}", url)
        try:
            if request.mimetype in {_FORM, ""}:
                valid = self._signed(url, request.form, signature)
            elif "bodySHA256=" not in url:
                return Refused("a body that is no form must be named by bodySHA256 in the address", url)
            else:
                valid = self.validator.validate(url, request.get_data().decode("utf-8"), signature)
        except ValueError as error:  # an address that is none (port out of range), a body that is not UTF-8
            return Refused(f"the request cannot have been signed: {error}", url)
        if not valid:
            return Refused("the signature does not fit this address, these fields and our auth token", url)
        return None

    def _signed(self, url: str, form: MultiDict[str, str], signature: str) -> bool:
        """Most are signed over just this address; `validate` computes it with and without the port."""
        expected = self.validator.compute_signature(url, form)
        return hmac.compare_digest(expected.encode(), signature.encode()) or self.validator.validate(
            url, form, signature
        )

    def signed_url(self, request: Request) -> str:
        """The address as Twilio wrote it when it signed."""
        return (self.public_url or self._origin(request)) + _target(request)

    def _origin(self, request: Request) -> str:
        environ = request.environ
        scheme, host = str(environ.get("wsgi.url_scheme", "http")), str(environ.get("HTTP_HOST", ""))
        if not host:
            host = f"{environ.get('SERVER_NAME', '')}:{environ.get('SERVER_PORT', '')}"
        if self._trusts(str(environ.get("REMOTE_ADDR", ""))):
            scheme = _nearest(environ.get("HTTP_X_FORWARDED_PROTO")) or scheme
            port = _nearest(environ.get("HTTP_X_FORWARDED_PORT"))
            forwarded_host = _nearest(environ.get("HTTP_X_FORWARDED_HOST"))
            host = forwarded_host or host
            if port and port != _DEFAULT_PORTS.get(scheme) and ":" not in host.rpartition("]")[2]:
                host = f"{host}:{port}"
        return f"{scheme}://{host}"

    def _trusts(self, peer: str) -> bool:
        try:
            address = ipaddress.ip_address(peer)
        except ValueError:  # a Unix socket has no address
            return False
        return any(address in network for network in self.proxies)


def _nearest(header: object) -> str:
    """The value that the proxy next to us appended; those before it came in from outside."""
    return str(header or "").rpartition(",")[2].strip()


def _target(request: Request) -> str:
    """Path and query, byte for byte as they came: RAW_URI is gunicorn's and Werkzeug's, REQUEST_URI uWSGI's."""
    raw = request.environ.get("RAW_URI") or request.environ.get("REQUEST_URI")
    if not raw:
        path = quote(request.environ.get("SCRIPT_NAME", "") + request.environ.get("PATH_INFO", ""), encoding="latin-1")
        query = request.environ.get("QUERY_STRING", "")
        return f"{path}?{query}" if query else path
    target = str(raw).encode("latin-1", "replace").decode("utf-8", "replace")  # WSGI hands bytes over as latin-1
    if not target.startswith("/"):  # the absolute form, as proxies send it
        parts = urlsplit(target)
        target = f"{parts.path or '/'}?{parts.query}" if parts.query else parts.path or "/"
    return target
