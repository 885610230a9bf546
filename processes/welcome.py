"""What somebody who has just started a hotline is told: where it is, who may sign in, what to try."""

from __future__ import annotations

from rich import box
from rich.console import Console
from rich.markup import escape
from rich.panel import Panel
from rich.table import Table

from settings import Settings


def web_address(settings: Settings) -> str:
    """Where people go."""
    return settings.server.public_url or local_address(settings)


def local_address(settings: Settings) -> str:
    """Where this machine reaches the web."""
    host = settings.server.host
    host = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(host, f"[{host}]" if ":" in host else host)  # noqa: S104
    return f"http://{host}:{settings.server.port}"


def sip_address(settings: Settings) -> str:
    """What a SIP telephone dials."""
    sip = settings.sip
    host = sip.public_host or {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(sip.host, sip.host)  # noqa: S104
    port = "" if sip.port == 5060 else f":{sip.port}"
    return f"sip:{settings.utility.hotline_number}@{f'[{host}]' if ':' in host else host}{port}"


def print_welcome(settings: Settings, *, demo: bool) -> None:
    console = Console(stderr=True, highlight=False)
    address = web_address(settings)
    name = settings.utility.name.get("en") or next(iter(settings.utility.name.values()))
    where = Table.grid(padding=(0, 2))
    where.add_row("Phone in", f"[bold]{address}/phone[/]", "call the hotline from the browser")
    where.add_row("Desk", f"[bold]{address}/desk[/]", "tickets, and calling back")
    where.add_row("Calls", f"[bold]{address}/calls[/]", "every call, line by line")
    where.add_row("In a terminal", "[bold]./run hotline flow call[/]", "a text phone")
    if settings.twilio.enabled:
        where.add_row("Twilio", f"[bold]{address}/twilio/voice[/]", "the voice webhook of your number")
    if settings.sip.enabled:
        where.add_row("SIP", f"[bold]{sip_address(settings)}[/]", "call it from a SIP telephone or a PBX (docs/sip.md)")
    console.print(Panel(where, title=f"{escape(name)} is answering", box=box.ROUNDED, expand=False))
    if demo:
        _print_demo(console)
    console.print("Ctrl-C stops everything. Something wrong? [bold]./run hotline doctor[/]\n")


def _print_demo(console: Console) -> None:
    from accounts.demo import DEMO_CALLERS, PASSWORD

    people = Table(title="Demo sign-ins", title_justify="left", box=box.SIMPLE)
    people.add_column("user")
    people.add_column("role")
    people.add_column("password")
    for user, role in (("mei, tom, li", "agent"), ("sun", "supervisor"), ("admin", "admin")):
        people.add_row(user, role, PASSWORD)
    callers = Table(title="Demo callers (choose one on the phone page)", title_justify="left", box=box.SIMPLE)
    for column in ("name", "calls from", "account number", "PIN", ""):
        callers.add_column(column)
    for caller in DEMO_CALLERS:
        callers.add_row(escape(caller.name), caller.number, caller.account_number, caller.pin, escape(caller.about))
    console.print(people, callers)
    console.print(
        "Try: phone in, choose a language, report an outage, hang up. Take the ticket on the desk, write what "
        "was done, close it: the phone page rings, tells you the result and asks whether it is really fixed.\n"
    )
