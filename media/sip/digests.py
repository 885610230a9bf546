"""Digest credentials, as the one who gives them and as the one who checks them (RFC 3261 section 22, RFC 8760)."""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from aiosipua import AuthChallenge, SipDigestAuth, build_credentials, parse_auth, stringify_auth

from media.sip.messages import Request, Response

_NONCE_S: Final = 300.0
_MOST_NONCES: Final = 20_000
_HASHES: Final[Mapping[str, Callable[[bytes], object]]] = {"MD5": hashlib.md5, "SHA-256": hashlib.sha256}
_HEX: Final = re.compile(r"[0-9a-fA-F]{32,64}")
_COUNT: Final = re.compile(r"[0-9a-fA-F]{8}")


def answer_challenge(username: str, password: str, response: Response, method: str, uri: str) -> tuple[str, str] | None:
    """The header that answers a 401 or 407, of the strongest challenge we can meet; None: of none of them."""
    asked, given = (
        ("www-authenticate", "Authorization")
        if response.status == 401
        else ("proxy-authenticate", "Proxy-Authorization")
    )
    challenges = [parse_auth(value) for value in response.headers.get(asked)]
    for challenge in sorted(challenges, key=_strength, reverse=True):
        safe = {name.lower(): value for name, value in challenge.params.items() if '"' not in value}
        credentials = build_credentials(
            SipDigestAuth(username, password), AuthChallenge(challenge.scheme, safe), method, uri
        )
        if credentials is not None:
            return given, stringify_auth(credentials)
    return None


def _strength(challenge: AuthChallenge) -> bool:
    return challenge.params.get("algorithm", "MD5").upper() == "SHA-256"


@dataclass(frozen=True, slots=True)
class Verdict:
    """`user` None: not let in. `failed`: with a nonce of ours and a wrong answer to it, so somebody tries passwords."""

    user: str | None = None
    stale: bool = False
    failed: bool = False


class Gate:
    """Checks who may come in by password. A nonce is bound to the address it was given to, and lives five minutes."""

    def __init__(self, accounts: Mapping[str, str], realm: str, now: Callable[[], float]) -> None:
        self._accounts = accounts
        self._realm = realm
        self._now = now
        self._key = secrets.token_bytes(32)
        self._counts: dict[str, int] = {}  # nonce -> highest nc seen: a count is taken once
        self._nobody = secrets.token_hex(16)

    def challenges(self, host: str, *, stale: bool) -> list[str]:
        """Values of WWW-Authenticate. MD5 stands first: many telephones read no further, and know nothing else.

        Who knows SHA-256 too may choose it.
        """
        nonce = self._nonce(host)
        end = ", stale=true" if stale else ""
        return [
            f'Digest realm="{self._realm}", nonce="{nonce}", algorithm={algorithm}, qop="auth"{end}'
            for algorithm in ("MD5", "SHA-256")
        ]

    def _nonce(self, host: str) -> str:
        stamp = f"{int(self._now() * 1000):x}.{secrets.token_hex(8)}"
        return f"{stamp}.{self._seal(stamp, host)}"

    def _seal(self, stamp: str, host: str) -> str:
        return hmac.new(self._key, f"{stamp}|{host}".encode(), "sha256").hexdigest()[:32]

    def check(self, request: Request) -> Verdict:
        value = request.header("authorization")
        if not value or len(value) > 4096:
            return Verdict()
        given = parse_auth(value, credentials=True)
        if given.scheme.lower() != "digest":
            return Verdict()
        params = {name.lower(): text for name, text in given.params.items()}
        nonce, count = params.get("nonce", ""), params.get("nc", "")
        age = self._age(nonce, request.source.host)
        if age is None:
            return Verdict()  # no nonce of ours: it is asked again, and nobody can be locked out by it
        algorithm = params.get("algorithm", "MD5").upper()
        known = algorithm in _HASHES and params.get("realm") == self._realm and params.get("qop") == "auth"
        if not known or not _COUNT.fullmatch(count) or not _HEX.fullmatch(params.get("response", "")):
            return Verdict(failed=True)
        user = params.get("username", "")
        password = self._accounts.get(user)
        right = self._right(params, request.method, password if password is not None else self._nobody)
        # Their `uri` need not be that of the request line: proxies change the latter, and telephones abridge it.
        if not right or password is None:
            return Verdict(failed=True)
        if not 0 <= age < _NONCE_S or int(count, 16) <= self._counts.get(nonce, 0):
            return Verdict(stale=True)
        self._note(nonce, int(count, 16))
        return Verdict(user=user)

    def _right(self, params: Mapping[str, str], method: str, password: str) -> bool:
        """Takes as long for a user there is not as for one there is."""
        made = _HASHES[params.get("algorithm", "MD5").upper()]

        def digest(text: str) -> str:
            return str(made(text.encode("utf-8", "replace")).hexdigest())  # type: ignore[attr-defined]

        secret = digest(f"{params.get('username', '')}:{self._realm}:{password}")
        asked = digest(f"{method}:{params.get('uri', '')}")
        expected = digest(f"{secret}:{params['nonce']}:{params['nc']}:{params.get('cnonce', '')}:auth:{asked}")
        return hmac.compare_digest(expected, params["response"].lower())

    def _age(self, nonce: str, host: str) -> float | None:
        stamp, _, seal = nonce.rpartition(".")
        if not stamp.isascii() or not seal.isascii() or not hmac.compare_digest(self._seal(stamp, host), seal):
            return None
        return self._now() - int(stamp.partition(".")[0], 16) / 1000

    def _note(self, nonce: str, count: int) -> None:
        self._counts.pop(nonce, None)
        self._counts[nonce] = count
        while len(self._counts) > _MOST_NONCES or (self._counts and self._expired(next(iter(self._counts)))):
            del self._counts[next(iter(self._counts))]

    def _expired(self, nonce: str) -> bool:
        return self._now() - int(nonce.partition(".")[0], 16) / 1000 > _NONCE_S
