"""How does a list look on the screen? Tables and sentences of plain text; whatever a channel wrote is shown harmless."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from syncworker.interfaces.cli.desk import Desk, width


def harmless(text: str) -> str:
    """Without control characters: a listing's title must not steer anybody's terminal."""
    return "".join(
        character if character.isprintable() else "\N{REPLACEMENT CHARACTER}" for character in text
    )


def table(
    desk: Desk, columns: Sequence[str], rows: Iterable[Sequence[str]], *, right: Iterable[int] = ()
) -> None:
    """A table; the columns in ``right`` hold numbers. Cells are plain text, never markup."""
    from rich.box import SIMPLE_HEAD
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    numbers = set(right)
    sheet = Table(box=SIMPLE_HEAD, pad_edge=False, show_edge=False)
    for place, title in enumerate(columns):
        sheet.add_column(Text(title), justify="right" if place in numbers else "left", overflow="fold")
    for row in rows:
        sheet.add_row(*(Text(harmless(cell)) for cell in row))
    console = Console(width=width(), highlight=False, emoji=False, markup=False)
    with console.capture() as capture:
        console.print(sheet)
    for line in capture.get().rstrip("\n").split("\n"):
        desk.say(line.rstrip())


def lines(desk: Desk, texts: Iterable[str]) -> None:
    """Sentences, one a line."""
    for text in texts:
        desk.say(text)
