"""What a SIP endpoint is told: where it listens, who may call in, through whom it calls out, and its limits."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from ipaddress import IPv4Network, IPv6Network, ip_network
from typing import Literal

from media.codec import Codec
from setting_sections import SipTrunk
from settings import Settings

Network = IPv4Network | IPv6Network

# A fresh endpoint hears this machine alone.
LOOPBACK: tuple[Network, ...] = (ip_network("127.0.0.0/8"), ip_network("::1/128"))


@dataclass(frozen=True, slots=True)
class Trunk:
    """The provider or PBX through which telephones are reached. Its calls and asserted identities are believed."""

    server: str  # host or host:port
    transport: Literal["udp", "tcp"] = "udp"
    username: str | None = None
    password: str | None = field(default=None, repr=False)
    domain: str | None = None  # of our address there; the server's host when None
    register_s: int = 0  # 0: do not register
    ping_s: float = 0.0  # where it is not registered with; 0: do not ask


@dataclass(frozen=True, slots=True)
class Limits:
    """What the network may do to us. Seconds and counts."""

    tcp_connections: int = 512
    tcp_connections_per_address: int = 64
    tcp_first_message_s: float = 10.0  # a connection that has said nothing whole by then is closed
    tcp_idle_s: float = 180.0  # one that carries no call and is silent for so long is closed
    message_bytes: int = 64 * 1024  # of one message, headers and body
    headers: int = 128
    failures_per_address: int = 10  # wrong passwords, until the address is not answered any more
    refusals_per_address: int = 20  # 401, 403, 400: answered so often per `forget_s`, then dropped
    forget_s: float = 300.0
    answer_within_s: float = 180.0  # an inbound call nobody accepts or rejects by then is answered 480
    retry_after_s: int = 10  # in a 503
    transfer_s: float = 60.0  # a transfer of which no end is told by then is given up


@dataclass(frozen=True, slots=True)
class EndpointConfig:
    host: str = "127.0.0.1"
    port: int = 5060  # 0: the kernel chooses; see SipEndpoint.port
    public_host: str | None = None  # told to others in Via, Contact and SDP where it is not the one listened on
    allow: tuple[Network, ...] = LOOPBACK
    accounts: Mapping[str, str] = field(default_factory=dict, repr=False)  # user name -> password
    trunk: Trunk | None = None
    codecs: tuple[Codec, ...] = (Codec.PCMU, Codec.PCMA)
    max_calls: int = 100
    session_expires_s: int = 1800
    region: str = "CN"  # ISO country whose numbers may come without a country code
    realm: str = "hotline"
    user_agent: str = "hotline"
    limits: Limits = Limits()

    @staticmethod
    def of(settings: Settings) -> EndpointConfig:
        sip = settings.sip
        return EndpointConfig(
            host=sip.host,
            port=sip.port,
            public_host=sip.public_host,
            allow=tuple(ip_network(network, strict=False) for network in sip.allow),
            accounts={user: account.password.get_secret_value() for user, account in sip.accounts.items()},
            trunk=_trunk(sip.trunk) if sip.trunk else None,
            codecs=tuple(Codec(name) for name in sip.codecs),
            max_calls=sip.max_calls,
            session_expires_s=sip.session_expires_s,
            region=settings.utility.region,
        )


def _trunk(given: SipTrunk) -> Trunk:
    return Trunk(
        server=given.server,
        transport=given.transport,
        username=given.username,
        password=given.password.get_secret_value() if given.password else None,
        domain=given.domain,
        register_s=given.register_s,
        ping_s=given.ping_s,
    )
