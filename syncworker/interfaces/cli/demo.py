"""What does it do, in one minute? ``demo``: pretend shops and a stall sell one small stock, and a judge counts."""

from __future__ import annotations

import signal
import sys
import textwrap
from pathlib import Path
from typing import TYPE_CHECKING

import click

from syncworker.errors import InputError
from syncworker.interfaces.cli.command import ATTENTION, INTERRUPTED, OK, Command
from syncworker.interfaces.cli.desk import Desk, pass_desk, width
from syncworker.interfaces.language import N_, _

if TYPE_CHECKING:
    from syncworker.interfaces.demo.outcome import Outcome
    from syncworker.interfaces.demo.story import Line

#: What an earlier demo leaves in its folder.
_LEFT_BEHIND = ("syncworker.db", "config", "shops")
_COLOURS = {"good": "green", "bad": "red"}


@click.command(
    cls=Command,
    example="demo --seconds 60 --lang id",
    help=N_(
        "Watch two marketplaces, TikTok Shop and a stall sell one small stock of bamboo crafts, shown on Instagram too, to"
        " buyers who compete for it, for a minute or so: what each shows, why it changes, and what a judge who reads only the"
        " sellers' own logs says at the end. The shops are pretend ones, programs of their own on this computer."
        " Nothing is installed and nothing leaves this computer; Ctrl-C ends it.\n\n"
        "Then run it again with --policy shared, and see what other tools risk."
    ),
)
@click.option(
    "--seconds",
    type=click.FloatRange(1, 3600),
    default=90,
    show_default=True,
    help=N_(
        "The doors close after so long, if not everything is sold before. With less time the buyers come closer together,"
        " up to twice as close; with more, further apart."
    ),
)
@click.option(
    "--seed", type=int, default=1, show_default=True, help=N_("The same seed brings the same buyers.")
)
@click.option(
    "--policy",
    type=click.Choice(["escrow", "shared"]),
    default="escrow",
    show_default=True,
    help=N_(
        "escrow: never more on show than there is. shared: every shop shows everything, as other tools do."
    ),
)
@click.option("--quiet", is_flag=True, help=N_("Only the summary."))
@click.option(
    "--keep",
    type=click.Path(file_okay=False, path_type=Path),
    metavar="DIR",
    help=N_("Leave database, configuration and logs there, to look at afterwards."),
)
@pass_desk
def demo(desk: Desk, seconds: float, seed: int, policy: str, quiet: bool, keep: Path | None) -> int:
    """One demo."""
    from syncworker.interfaces.demo.screen import open_screen
    from syncworker.interfaces.demo.show import Stop, Wishes, run_show
    from syncworker.interfaces.demo.stage import StoppedEarlyError

    if keep is not None and any((keep / name).exists() for name in _LEFT_BEHIND):
        raise InputError(
            _("{folder} holds an earlier demo. Give a new folder, or remove that one.").format(folder=keep)
        )
    wishes = Wishes(seconds=seconds, seed=seed, policy=policy, keep=keep)
    stop = Stop()
    with stop.listening(), open_screen(as_json=desk.as_json, quiet=quiet) as screen:
        try:
            outcome = run_show(wishes, screen, stop)
        except StoppedEarlyError:
            desk.note(_("Stopped before the doors opened; nothing is left running."))
            return _exit_code(stop)
    _tell(desk, outcome, keep, quiet=quiet)
    if stop.by_signal:
        return _exit_code(stop)
    return OK if outcome.is_as_promised else ATTENTION


def _exit_code(stop: object) -> int:
    return INTERRUPTED if getattr(stop, "by_signal", 0) == signal.SIGINT else OK


def _tell(desk: Desk, outcome: Outcome, keep: Path | None, *, quiet: bool) -> None:
    from syncworker.interfaces.demo.summary import summarize

    if not (desk.as_json and quiet):
        desk.say()
        for line in summarize(outcome):
            desk.say(_styled(line))
        for text in _what_next(outcome, keep):
            desk.say(text)
    desk.give(outcome.as_json())


def _styled(line: Line) -> str:
    """Folded below its text on a screen, whole in a pipe; colours are for screens alone."""
    from syncworker.interfaces.demo.summary import INDENT

    text = line.text
    if sys.stdout.isatty():
        text = "\n".join(textwrap.wrap(text, min(width(), 100), subsequent_indent=" " * INDENT))
    return click.style(text, fg=_COLOURS.get(line.tone.value), bold=line.tone.value == "bad")


def _what_next(outcome: Outcome, keep: Path | None) -> list[str]:
    texts = [""]
    if keep is not None:
        texts.append(_("Look inside:"))
        config = keep / "config"
        texts += [
            f"  syncworker explain SAPU-GLAGAH --config {config}",
            f"  syncworker order list --config {config}",
            "  " + _("and {folder}: what the shops themselves wrote down").format(folder=keep / "shops"),
        ]
    else:
        texts.append(
            _(
                "Look inside next time: syncworker demo --keep DIR, then syncworker explain SAPU-GLAGAH --config DIR/config"
            )
        )
    if outcome.policy == "escrow":
        texts.append(
            _("See what other tools risk: syncworker demo --policy shared --seed {seed}").format(
                seed=outcome.seed
            )
        )
    else:
        texts.append(
            _("The same buyers, and nothing sold twice: syncworker demo --seed {seed}").format(
                seed=outcome.seed
            )
        )
    return texts
