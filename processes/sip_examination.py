"""What `hotline doctor` says of calls by SIP: ports, room for sound, who may call in, and the trunk."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from ipaddress import ip_address, ip_network

from doctor import Finding, State
from settings import Settings

PORTS_PER_CALL = 2  # sound and its control
PORTS_PER_TRANSFER = 4


def examine(settings: Settings) -> Iterator[Finding]:
    if not settings.sip.enabled:
        yield Finding("sip", State.OFF, "`./run start --sip`, or sip.enabled, to take and make calls by SIP")
        return
    yield _port(settings)
    yield _sound(settings)
    yield _callers(settings)
    yield _address(settings)
    yield _trunk(settings)


def _port(settings: Settings) -> Finding:
    sip = settings.sip
    for kind, name in ((socket.SOCK_DGRAM, "UDP"), (socket.SOCK_STREAM, "TCP")):
        with closing(socket.socket(_family(sip.host), kind)) as trial:
            if kind is socket.SOCK_STREAM:
                trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                trial.bind((sip.host, sip.port))
            except OSError as problem:
                detail = f"{sip.host}:{sip.port} {name}: {problem.strerror} (right while the hotline runs)"
                return Finding("sip port", State.OK, detail, "if it is somebody else's: sip.port")
    return Finding("sip port", State.OK, f"{sip.host}:{sip.port} is free, UDP and TCP")


def _sound(settings: Settings) -> Finding:
    first, last = settings.sip.rtp_ports
    room = max(0, last - first + 1) // PORTS_PER_CALL
    detail = f"ports {first} to {last}: room for {room} calls, {settings.sip.max_calls} are allowed"
    if room < settings.sip.max_calls:
        return Finding("sip sound", State.POOR, detail, "widen sip.rtp_ports, or lower sip.max_calls")
    if settings.sip.transfer_by == "bridge" and last - first + 1 < PORTS_PER_TRANSFER * settings.sip.max_calls:
        detail += "; a call that is put through takes two places"
    return Finding("sip sound", State.OK, detail)


def _callers(settings: Settings) -> Finding:
    """Without a password from anywhere is an invitation to dial at our cost, and scanners come within minutes."""
    networks = [ip_network(text, strict=False) for text in settings.sip.allow]
    wide = [str(network) for network in networks if network.prefixlen == 0]
    if wide:
        mend = "sip.allow: the addresses of your trunk or PBX; sip.accounts for everybody else"
        return Finding("sip callers", State.POOR, f"anybody may call in ({', '.join(wide)})", mend)
    who = f"{len(networks)} networks without a password, {len(settings.sip.accounts)} accounts with one"
    return Finding("sip callers", State.OK, who)


def _address(settings: Settings) -> Finding:
    sip = settings.sip
    try:
        everywhere = ip_address(sip.host).is_unspecified
    except ValueError:
        everywhere = False
    if everywhere and sip.public_host is None:
        mend = "sip.public_host: the address that telephones reach"
        return Finding("sip address", State.POOR, f"{sip.host} cannot be told to telephones", mend)
    return Finding("sip address", State.OK, sip.public_host or sip.host)


def _trunk(settings: Settings) -> Finding:
    import sqlalchemy as sa
    from sqlalchemy.exc import SQLAlchemyError

    from database import Database
    from models import Gateway

    trunk = settings.sip.trunk
    if trunk is None:
        return Finding("sip trunk", State.OFF, "nobody is called by SIP", "sip.trunk: server, username, ...")
    database = Database(settings.database_url)
    try:
        with database.reading() as session:
            alive = sa.select(Gateway).where(Gateway.kind == "sip", Gateway.expires_at > datetime.now(UTC))
            processes = session.scalars(alive).all()
    except SQLAlchemyError as problem:
        return Finding("sip trunk", State.POOR, f"not known: {type(problem).__name__}")
    finally:
        database.dispose()
    if not processes:
        return Finding("sip trunk", State.POOR, f"{trunk.server}: no SIP process runs", "./run start --sip")
    if not any(process.dials for process in processes):
        detail = f"{trunk.server}: not registered, or not reachable"
        return Finding("sip trunk", State.POOR, detail, "sip.trunk, the network, the trunk's own log")
    return Finding("sip trunk", State.OK, f"{trunk.server} rings telephones")


def _family(host: str) -> socket.AddressFamily:
    return socket.AF_INET6 if ":" in host else socket.AF_INET
