"""How does every command behave alike? Its common options, its language, its exit code; no command is defined here."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any

import click
import rich_click

from syncworker.errors import (
    AlreadyRunningError,
    ChannelError,
    ConfigurationError,
    ImportFileError,
    InputError,
    LeaseLostError,
    SyncworkerError,
)
from syncworker.interfaces.cli.completing import teach
from syncworker.interfaces.cli.desk import Desk, desk_of
from syncworker.interfaces.language import LANGUAGES, N_, _

if TYPE_CHECKING:
    from rich_click.rich_context import RichContext
    from rich_click.rich_help_formatter import RichHelpFormatter

OK = 0
FAILED = 1
#: What was typed, or a file that was given, cannot be used.
BAD_INPUT = 2
#: A dry run found something to change.
DIFFERENCES = 3
#: Something needs a person.
ATTENTION = 4
#: Some of it was done.
PARTIAL = 5
#: Somebody else is at it.
BUSY = 6
INTERRUPTED = 130
#: The longest name of a person, as the settings have it.
LONGEST_NAME = 64

#: Stands for the minus of a number, so that ``-3`` is not taken for an option.
MINUS = "\N{MINUS SIGN}"
_NEGATIVE = re.compile(r"-(?=\d)")


class Command(rich_click.RichCommand):
    """One command with an example and the options that every command has."""

    def __init__(self, *args: Any, example: str = "", **kwargs: Any) -> None:  # Any: as click's own
        super().__init__(*args, **kwargs)
        #: What to type, without the program's name.
        self.example = example
        teach(self.params, getattr(self.callback, "__module__", ""))
        self.params.extend(common_options())

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """A number below zero is an argument, not an option."""
        return super().parse_args(
            ctx, [_NEGATIVE.sub(MINUS, arg, count=1) if _is_negative(arg) else arg for arg in args]
        )

    def format_help(self, ctx: RichContext, formatter: RichHelpFormatter) -> None:  # type: ignore[override]
        with translated(self):
            _title_panels(formatter)
            super().format_help(ctx, formatter)

    def format_epilog(self, ctx: RichContext, formatter: RichHelpFormatter) -> None:  # type: ignore[override]
        if self.example:
            title = _("Example:")
            formatter.write(f" {title} syncworker {self.example}\n")
        super().format_epilog(ctx, formatter)


class Group(rich_click.RichGroup):
    """A noun; its verbs are commands."""

    command_class = Command

    def __init__(self, *args: Any, **kwargs: Any) -> None:  # Any: as click's own
        super().__init__(*args, **kwargs)
        self.params.extend(common_options())

    def format_help(self, ctx: RichContext, formatter: RichHelpFormatter) -> None:  # type: ignore[override]
        verbs = [
            verb for name in self.list_commands(ctx) if (verb := self.get_command(ctx, name)) is not None
        ]
        with translated(self), shortened(verbs):
            _title_panels(formatter)
            formatter.config.command_groups = {ctx.command_path: self.shelves()}
            super().format_help(ctx, formatter)

    def shelves(self) -> list[Any]:  # Any: rich-click's own kind of dictionary
        """Titles under which the verbs are listed; none means one list."""
        return []


class RootGroup(Group):
    """The program itself: whatever happens inside ends as a sentence and an exit code."""

    def main(  # type: ignore[override]  # click's is overloaded by standalone_mode, which is ours to choose
        self, args: Sequence[str] | None = None, prog_name: str | None = None, **extra: Any
    ) -> Any:
        """Run, and leave with the exit code; never with a traceback."""
        extra.update(standalone_mode=False, obj=Desk())
        _hear_language(extra["obj"], sys.argv[1:] if args is None else args)
        sys.exit(_outcome(extra["obj"], lambda: super(RootGroup, self).main(args, prog_name, **extra)))


def _hear_language(desk: Desk, args: Sequence[str]) -> None:
    """``--lang`` holds wherever it stands, also behind ``--help`` and for a mistake before it."""
    for place, arg in enumerate(args):
        word = (
            arg.removeprefix("--lang=") if arg.startswith("--lang=") else "".join(args[place + 1 : place + 2])
        )
        if arg.startswith("--lang") and word in LANGUAGES:
            desk.listen(word)


def _outcome(desk: Desk, work: Callable[[], object]) -> int:
    try:
        result = work()
    except (KeyboardInterrupt, click.Abort):
        desk.note(_("Stopped."))
        return INTERRUPTED
    except click.ClickException as error:
        return _mistyped(desk, error)
    except SyncworkerError as error:
        return _refused(desk, error)
    except BrokenPipeError:
        return OK
    except Exception as error:  # noqa: BLE001 - the outer edge: a person is never shown a traceback
        return _unforeseen(desk, error)
    return result if isinstance(result, int) else OK


def _mistyped(desk: Desk, error: click.ClickException) -> int:
    if isinstance(error, click.exceptions.NoArgsIsHelpError):
        click.echo(error.message)
        return BAD_INPUT
    if isinstance(error, click.NoSuchOption) and error.possibilities:
        # One guess, the nearest: a person who mistyped meant one thing.
        near = get_close_matches(error.option_name, error.possibilities, n=1, cutoff=0.0)
        error = click.NoSuchOption(error.option_name, possibilities=near, ctx=error.ctx)
    message = error.format_message()
    hint = ""
    if isinstance(error, click.UsageError) and error.ctx is not None:
        message += "" if message.endswith((".", "!", "?", "?)")) else "."
        hint = " " + _("See `{command} --help`.").format(command=error.ctx.command_path)
    _tell(desk, "UsageError", message + hint)
    return error.exit_code


def _refused(desk: Desk, error: SyncworkerError) -> int:
    from syncworker.interfaces.sentences import channel_sentence, sentence

    problems: list[str] = []
    if isinstance(error, ConfigurationError | ImportFileError):
        problems = [sentence(problem) for problem in error.problems]
        text = sentence(str(error).split("\n", 1)[0])
    else:
        text = channel_sentence(error) if isinstance(error, ChannelError) else sentence(str(error))
    _tell(desk, type(error).__name__, text, problems)
    if isinstance(error, InputError):
        return BAD_INPUT
    return BUSY if isinstance(error, LeaseLostError | AlreadyRunningError) else FAILED


def _unforeseen(desk: Desk, error: Exception) -> int:
    from syncworker.interfaces.cli.blackbox import keep

    kept = keep(error)
    text = _("Sorry, that was not foreseen ({error}). Nothing half-done is left in the books.").format(
        error=type(error).__name__
    )
    where = _("What happened stands in {file}; please attach it when you report this.").format(file=kept)
    _tell(desk, "UnforeseenError", f"{text} {where}")
    return FAILED


def _tell(desk: Desk, kind: str, text: str, problems: Sequence[str] = ()) -> None:
    """The error: a sentence on standard error, and a document for programs."""
    lines = "".join(f"\n  - {problem}" for problem in problems)
    desk.note(_("Error:") + f" {text}{lines}")
    desk.give({"error": {"kind": kind, "message": text, "problems": list(problems)}})


# --- options that every command has --------------------------------------------------------------------------------


def common_options() -> list[click.Parameter]:
    """``--config``, ``--lang``, ``--json`` and ``--as``; read before anything else, so that errors obey them too."""
    return [
        click.Option(
            ["--config"],
            type=click.Path(file_okay=False),
            metavar="DIR",
            envvar="SYNCWORKER_CONFIG",
            help=N_("Folder with syncworker.toml and channels.toml (./config unless told otherwise)."),
            is_eager=True,
            expose_value=False,
            callback=_use_folder,
        ),
        click.Option(
            ["--lang"],
            type=click.Choice(LANGUAGES),
            help=N_("Speak English or Bahasa Indonesia."),
            is_eager=True,
            expose_value=False,
            callback=_use_language,
        ),
        click.Option(
            ["--json"],
            is_flag=True,
            help=N_("Answer with one JSON document on standard output."),
            is_eager=True,
            expose_value=False,
            callback=_use_json,
        ),
        click.Option(
            ["--as", "acting"],
            metavar="NAME",
            help=N_("Who does it, for the books; your login unless given."),
            is_eager=True,
            expose_value=False,
            callback=_use_actor,
        ),
    ]


def _use_folder(context: click.Context, parameter: click.Parameter, value: str | None) -> None:  # noqa: ARG001
    from pathlib import Path

    if value is not None:
        desk_of(context).folder = Path(value)


def _use_language(context: click.Context, parameter: click.Parameter, value: str | None) -> None:  # noqa: ARG001
    if value is not None:
        desk_of(context).listen(value)


def _use_json(context: click.Context, parameter: click.Parameter, value: bool) -> None:  # noqa: ARG001
    if value:
        desk_of(context).as_json = True


def _use_actor(context: click.Context, parameter: click.Parameter, value: str | None) -> None:
    if value is None:
        return
    if not 1 <= len(value.strip()) <= LONGEST_NAME or not value.isprintable():
        raise click.BadParameter(
            _("{name} is no name of 1 to {most} letters.").format(name=repr(value), most=LONGEST_NAME),
            context,
            parameter,
        )
    desk_of(context).actor = value.strip()


# --- the language of the help --------------------------------------------------------------------------------------


@contextmanager
def translated(*commands: click.Command) -> Iterator[None]:
    """These commands and their options with help in the language spoken, until the block ends."""
    marked: list[click.Command | click.Option] = list(commands)
    marked += [
        option for command in commands for option in command.params if isinstance(option, click.Option)
    ]
    before = [(each, each.help) for each in marked]
    for each, text in before:
        each.help = _(text) if text else text
    try:
        yield
    finally:
        for each, text in before:
            each.help = text


@contextmanager
def shortened(commands: Sequence[click.Command]) -> Iterator[None]:
    """These commands with the first sentence of their help alone, as a list wants them."""
    before = [(each, each.help) for each in commands]
    for each, text in before:
        each.help = first_sentence(_(text)) if text else text
    try:
        yield
    finally:
        for each, text in before:
            each.help = text


def first_sentence(text: str) -> str:
    """``How are we doing?`` of ``How are we doing? Every channel, …``."""
    paragraph = text.split("\n\n", 1)[0]
    return re.split(r"(?<=[.?!])\s", paragraph, maxsplit=1)[0].rstrip(".")


def _title_panels(formatter: RichHelpFormatter) -> None:
    formatter.config.options_panel_title = _("Options")
    formatter.config.commands_panel_title = _("Commands")


def _is_negative(arg: str) -> bool:
    return _NEGATIVE.match(arg) is not None
