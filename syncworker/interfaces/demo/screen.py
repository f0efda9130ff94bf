"""Where does the story appear? Plain lines in a pipe; in a terminal a small table of what each shop shows stays below them.

Only prints: what is said comes from ``story.py`` and ``summary.py``.
"""

from __future__ import annotations

import sys
from types import TracebackType
from typing import TYPE_CHECKING, Protocol, Self

import click

from syncworker.interfaces.demo.happenings import Shelf
from syncworker.interfaces.demo.story import Line, Tone
from syncworker.interfaces.demo.words import many, sentences_begin_large, shop_name
from syncworker.interfaces.figures import number
from syncworker.interfaces.language import _

if TYPE_CHECKING:
    from rich.table import Table

#: A narrower or lower terminal gets lines alone.
NARROWEST, LOWEST = 60, 16
_STYLES = {Tone.PLAIN: "", Tone.GOOD: "green", Tone.BAD: "bold red"}


class Screen(Protocol):
    """What the show needs of a screen; close it by leaving the block."""

    def say(self, line: Line) -> None:
        """One line, for good."""

    def draw(self, shelf: Shelf, shops: list[str], windows: list[str]) -> None:
        """How it stands now, where goods are sold and where they are only shown; may be overwritten by the next."""

    def rest(self) -> None:
        """Nothing moves any more: take the table away."""

    def __enter__(self) -> Self: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...


class PlainScreen:
    """Lines, on standard output or beside a document on standard error; none at all when ``quiet``."""

    def __init__(self, *, on_stderr: bool, quiet: bool) -> None:
        self._on_stderr, self._quiet = on_stderr, quiet

    def say(self, line: Line) -> None:
        if not self._quiet:
            click.echo(stamped(line), err=self._on_stderr)

    def draw(self, shelf: Shelf, shops: list[str], windows: list[str]) -> None:
        """Lines alone."""

    def rest(self) -> None:
        """Nothing to take away."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        return None


class LiveScreen:
    """A terminal: lines move up, the table stays."""

    def __init__(self) -> None:
        from rich.console import Console
        from rich.live import Live

        self._console = Console(highlight=False, emoji=False, markup=False)
        self._live = Live(console=self._console, auto_refresh=False, transient=True, redirect_stderr=False)
        self._drawn: object = None

    def say(self, line: Line) -> None:
        from rich.table import Table
        from rich.text import Text

        sheet = Table.grid()
        sheet.add_column(no_wrap=True)
        sheet.add_column(overflow="fold")
        sheet.add_row(Text(_stamp(line), style="dim"), Text(line.text, style=_STYLES[line.tone]))
        self._console.print(sheet)

    def draw(self, shelf: Shelf, shops: list[str], windows: list[str]) -> None:
        numbers = (dict(shelf.shown), dict(shelf.sold))
        if numbers != self._drawn:
            self._drawn = numbers
            self._live.update(_table(shelf, shops, windows), refresh=True)

    def rest(self) -> None:
        self._live.stop()

    def __enter__(self) -> Self:
        self._live.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._live.stop()


def open_screen(*, as_json: bool, quiet: bool) -> Screen:
    """The screen that fits where the output goes."""
    import os

    if as_json or quiet or not sys.stdout.isatty() or os.environ.get("TERM") == "dumb":
        return PlainScreen(on_stderr=as_json, quiet=quiet)
    size = os.get_terminal_size(sys.stdout.fileno())
    if size.columns < NARROWEST or size.lines < LOWEST:
        return PlainScreen(on_stderr=False, quiet=False)
    return LiveScreen()


def stamped(line: Line) -> str:
    """The line with its second in front."""
    return _stamp(line) + line.text


def _stamp(line: Line) -> str:
    return "" if line.at_s is None else f"{line.at_s:4.0f} s  "


def _table(shelf: Shelf, shops: list[str], windows: list[str]) -> Table:
    from rich.box import SIMPLE_HEAD
    from rich.table import Table
    from rich.text import Text

    sheet = Table(
        box=SIMPLE_HEAD, pad_edge=False, title=_score(shelf), title_justify="left", title_style="bold"
    )
    sheet.add_column(_("shown now"), min_width=14)
    for name in [*shops, *windows]:
        sheet.add_column(sentences_begin_large(shop_name(name)), justify="right", min_width=7)
    sheet.add_column(_("left"), justify="right", min_width=7)
    for sku in shelf.catalogue.items:
        numbers = [_cell(units) for units in shelf.shows(sku, shops).values()]
        numbers += ["✓" if units else "·" for units in shelf.shows(sku, windows).values()]
        left = shelf.left(sku) if sku in shelf.supply else None
        style = "bold red" if left is not None and left < 0 else ""
        sheet.add_row(many(sku), *numbers, Text("" if left is None else number(left), style=style))
    return sheet


def _score(shelf: Shelf) -> str:
    from syncworker.interfaces.demo import sentences

    return sentences.score(shelf.units_sold, sum(shelf.supply.values()), shelf.oversold)


def _cell(units: int) -> str:
    return number(units) if units else "·"
