"""The `hotline` command. Commands are imported when they are used, so that `hotline --help` answers at once."""

from __future__ import annotations

import difflib
import importlib
from dataclasses import dataclass
from pathlib import Path

import click

NAME = "hotline"


@dataclass(frozen=True, slots=True)
class Lazy:
    """Where a command is (`module:attribute`) and the line `--help` shows for it."""

    target: str
    about: str


COMMANDS = {
    "start": Lazy("processes.commands:start", "Run everything on this machine."),
    "web": Lazy("processes.commands:web", "Run the web alone."),
    "media": Lazy("processes.commands:media", "Run a media gateway alone."),
    "sip": Lazy("processes.commands:sip", "Run a SIP process alone."),
    "worker": Lazy("processes.commands:worker", "Run a worker for jobs alone."),
    "scheduler": Lazy("processes.commands:scheduler", "Run the scheduler alone; one is enough."),
    "doctor": Lazy("doctor:command", "Say what works, what is missing, and what mends it."),
    "config": Lazy("processes.config_commands:config", "Check and show the configuration."),
    "db": Lazy("processes.db_commands:db", "Bring the database up to date."),
    "user": Lazy("processes.user_commands:user", "Add people who sign in, and set passwords."),
    "flow": Lazy("commands.flow:flow", "Check call flows, and phone in from the terminal."),
    "storm": Lazy("commands.storm:storm", "Switch storm mode on or off."),
    "outages": Lazy("commands.outages:outages", "Outages that callers are told of, and calls about them."),
    "calendar": Lazy("commands.calendar_days:calendar", "Show when a calendar is open on the coming days."),
    "calls": Lazy("commands.calls:calls", "Look at calls."),
    "speech": Lazy("commands.speech:speech", "Try what is understood; get models to hear with."),
    "prompts": Lazy("commands.prompts:prompts", "List what callers hear, and bring in recordings of it."),
    "twilio": Lazy("ivr.channels.twilio.commands:twilio", "Try the Twilio webhooks without an account."),
}


class LazyGroup(click.Group):
    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        lazy = COMMANDS.get(cmd_name)
        if lazy is None:
            return None
        module, _, attribute = lazy.target.partition(":")
        try:
            command = getattr(importlib.import_module(module), attribute)
        except ImportError as problem:
            raise click.ClickException(f"`{NAME} {cmd_name}` cannot be loaded: {problem}") from problem
        assert isinstance(command, click.Command)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, lazy.about) for name, lazy in COMMANDS.items()])

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if args and args[0] not in COMMANDS and not args[0].startswith("-"):
            close = difflib.get_close_matches(args[0], COMMANDS, n=1)
            hint = f" Did you mean {close[0]}?" if close else ""
            ctx.fail(f"There is no command {args[0]!r}.{hint}")
        return super().resolve_command(ctx, args)

    def invoke(self, ctx: click.Context) -> object:
        """The one place where what an operator can mend becomes a sentence and an exit status, and no traceback."""
        try:
            return super().invoke(ctx)
        except Exception as problem:
            if not _explained(problem):
                raise
            ctx.exit(2)


def _explained(problem: Exception) -> bool:
    """Says on stderr what is wrong and how to mend it. False for what is a bug of ours."""
    from sqlalchemy.exc import OperationalError

    from ivr.loader import FlowError
    from settings import ConfigError

    if isinstance(problem, ConfigError | FlowError):
        what = "configuration" if isinstance(problem, ConfigError) else "flows"
        lines = [f"The {what} cannot be used:", *(f"  {fault}" for fault in problem.faults)]
    elif isinstance(problem, OperationalError):
        lines = [f"The database cannot be used: {problem.orig}", f"`{NAME} doctor` says what is wrong with it."]
    else:
        return False
    for line in lines:
        click.echo(line, err=True)
    return True


@click.group(NAME, cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.option(
    "--config", type=click.Path(path_type=Path, dir_okay=False), help="Another config.yaml (or $HOTLINE_CONFIG)."
)
@click.option("--home", type=click.Path(path_type=Path, file_okay=False), help="Another home (or $HOTLINE_HOME).")
@click.pass_context
def hotline(context: click.Context, config: Path | None, home: Path | None) -> None:
    """A voice hotline and call centre for power utilities."""
    if context.resilient_parsing:
        return
    from settings import Place

    context.obj = Place(config, home)


def main() -> None:
    hotline.main(prog_name=NAME)


if __name__ == "__main__":
    main()
