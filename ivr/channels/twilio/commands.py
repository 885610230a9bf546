"""`hotline twilio ...`."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from typing import TYPE_CHECKING

import click

from settings import Place

if TYPE_CHECKING:
    from ivr.channels.twilio.simulation import Answer

_TRIAL_ACCOUNT = "AC" + "0" * 32


@click.group()
def twilio() -> None:
    """Set up and check a Twilio number."""


@twilio.command()
@click.pass_context
def setup(context: click.Context) -> None:
    """Say what to enter at Twilio, and what is still missing here."""
    place: Place = context.obj
    settings = place.settings()
    base = (settings.server.public_url or "https://YOUR-ADDRESS").rstrip("/")
    click.echo("At Twilio, for the number: ")
    click.echo(f"  a call comes in      webhook, HTTP POST   {base}/twilio/voice")
    click.echo(f"  call status changes  HTTP POST            {base}/twilio/status")
    missing = {
        "TWILIO_ACCOUNT_SID and TWILIO_AUTH_TOKEN in the environment": settings.twilio.enabled,
        "server.public_url: how Twilio reaches this web": settings.server.public_url,
        "twilio.number: our number there, for calling customers back": settings.twilio.number,
    }
    if settings.twilio.streams:
        click.echo(
            f"Calls at {', '.join(settings.twilio.streams)} run over streams to {settings.media.public_url}/twilio/..."
        )
    for what in [what for what, there in missing.items() if not there]:
        click.echo(f"missing: {what}")


@twilio.command()
@click.option("--url", help="Where the hotline runs; the configured address when not given.")
@click.option("--token", help="Auth token to sign with; the configured one when not given.")
@click.option("--from", "from_number", default="+8613800138000", show_default=True, help="The number that calls.")
@click.option("--to", "to_number", help="The number called; the utility's when not given.")
@click.option("--call", "call_id", help="Answer the outbound call with this id instead of phoning in.")
@click.option("--answered-by", default="human", show_default=True, help="What Twilio says answered an outbound call.")
@click.option("--replay", is_flag=True, help="Send every request twice, as a carrier may, and compare the answers.")
@click.option("--unsigned", is_flag=True, help="Leave the signature out: the hotline must refuse.")
@click.pass_context
def simulate(
    context: click.Context, url: str | None, token: str | None, from_number: str, to_number: str | None,
    call_id: str | None, answered_by: str, replay: bool, unsigned: bool,
) -> None:  # fmt: skip
    """Phone a running hotline as Twilio would: signed webhooks out, TwiML followed, keys and words typed here.

    An empty line is silence, Ctrl-D hangs up. Reads a script from standard input as well.
    """
    from ivr.channels.terminal import Terminal
    from ivr.channels.twilio.simulate import converse, over_http
    from ivr.channels.twilio.simulation import ApplicationError, SimulatedCall

    place: Place = context.obj
    settings = place.settings()
    secret = token or (settings.twilio.auth_token.get_secret_value() if settings.twilio.auth_token else None)
    if secret is None:
        raise click.UsageError("there is no token to sign with: give --token or set TWILIO_AUTH_TOKEN")
    target = (url or settings.server.public_url or f"http://127.0.0.1:{settings.server.port}").rstrip("/")
    base = (settings.server.public_url or target).rstrip("/")  # what is signed, wherever it is sent

    def send(address: str, body: bytes, headers: Mapping[str, str]) -> Answer:
        return over_http(address.replace(base, target, 1), body, headers)

    call = SimulatedCall(
        send,
        account_sid=settings.twilio.account_sid or _TRIAL_ACCOUNT,
        auth_token=secret,
        from_number=from_number,
        to_number=to_number or settings.utility.hotline_number,
        direction="outbound-api" if call_id else "inbound",
        status_url=f"{base}/twilio/status" + (f"?call={call_id}" if call_id else ""),
        replay=replay,
        unsigned=unsigned,
    )
    terminal = Terminal(sys.stdin, sys.stdout)
    try:
        if call_id:
            first = call.begin(f"{base}/twilio/voice?call={call_id}", AnsweredBy=answered_by)
        else:
            first = call.begin(f"{base}/twilio/voice")
        converse(call, first, terminal)
    except ApplicationError as error:
        raise click.ClickException(f"Twilio would tell the caller of an application error: {error}") from error
    except OSError as error:
        raise click.ClickException(f"{target} cannot be reached: {error}") from error
    if replay:
        click.echo(f"-- {len(call.answers)} requests, each sent twice and answered the same")
