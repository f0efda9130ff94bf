"""How does a page stay true while somebody looks? Drawn again and again on a terminal, printed again and again elsewhere."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator

from syncworker.interfaces.cli.desk import Desk, width


def watch(desk: Desk, look: Callable[[], None], *, every_s: float) -> None:
    """Have ``look`` say its page every so many seconds, until Ctrl-C. Documents are given one after the other.

    The last page stays on the screen.
    """
    if desk.as_json or not sys.stdout.isatty():
        while True:
            look()
            sys.stdout.flush()
            time.sleep(every_s)
    page = ""
    try:
        for page in _drawn(desk, look, every_s):  # noqa: B007 - the last one is printed below
            pass
    finally:
        desk.say(page)


def _drawn(desk: Desk, look: Callable[[], None], every_s: float) -> Iterator[str]:
    """Each page, once it is on the screen."""
    from rich.console import Console
    from rich.live import Live
    from rich.text import Text

    console = Console(width=width(), highlight=False, emoji=False, markup=False)
    with Live(console=console, screen=True, auto_refresh=False, vertical_overflow="crop") as live:
        while True:
            with desk.on_page() as lines:
                look()
            page = "\n".join(lines)
            live.update(Text.from_ansi(page), refresh=True)
            yield page
            time.sleep(every_s)
