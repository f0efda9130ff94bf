"""How does a command wait for something to become true? It does the channels' due work itself, and gives up after a while."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from syncworker.bootstrap import App
    from syncworker.ledger.ledger import Snapshot


def wait_until(
    app: App, names: Sequence[str], is_done: Callable[[Snapshot], bool], *, timeout_s: int
) -> bool:
    """Work at these channels until ``is_done`` says so; False when the seconds are over before that."""
    from syncworker.sync.wait import work_until

    return work_until(app.context, names, is_done, most=timedelta(seconds=timeout_s), pause=time.sleep)
