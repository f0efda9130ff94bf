"""How far is it? A bar on standard error while something long goes on; nothing at all where nobody looks."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

#: Told how many are done by now.
Done = Callable[[int], None]


def is_watched() -> bool:
    """Whether somebody sees standard error."""
    return sys.stderr.isatty()


@contextmanager
def progress(title: str, total: int | None = None) -> Iterator[Done]:
    """A bar until the block ends; without a ``total`` it only shows that work goes on, and for how long.

    Drawn on a terminal alone, and wiped away afterwards: the answer stands below the command as without it.
    """
    if not is_watched():
        yield lambda done: None  # noqa: ARG005 - nobody looks
        return
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        ProgressColumn,
        TextColumn,
        TimeElapsedColumn,
    )

    counted: list[ProgressColumn] = [] if total is None else [MofNCompleteColumn()]
    columns = (TextColumn("{task.description}"), BarColumn(), *counted, TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bars:
        task = bars.add_task(title, total=total)
        yield lambda done: bars.update(task, completed=done)
