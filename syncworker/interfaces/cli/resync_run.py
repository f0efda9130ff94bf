"""What stays in the books of a resync? A run that says how far it is, what it found, and each number that it sent."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

from syncworker.interfaces.cli.progress import progress
from syncworker.interfaces.language import _

if TYPE_CHECKING:
    from syncworker.bootstrap import App
    from syncworker.ledger.runs import RunItem
    from syncworker.sync.resync import PlanRow, ResyncReport


class ResyncRun:
    """One resync as it goes on; :meth:`finish` says what came of it."""

    def __init__(self, app: App, run_id: str) -> None:
        self._app = app
        self.id = run_id

    def finish(self, report: ResyncReport) -> None:
        """What was found, and an item for each number that was to be sent."""
        from syncworker.ledger import runs
        from syncworker.ledger.ledger import Transaction

        facts = {
            "pulled": report.pulled,
            "read": report.read,
            "drifted": report.drifted,
            "applied": report.applied,
            "refused": report.refused,
            "unknown": report.unknown,
            "unreached": ", ".join(report.unreached),
        }

        def work(tx: Transaction) -> None:
            runs.add_items(tx, self.id, [_item(row) for row in report.plan if row.kind is not None])
            runs.finish(tx, self.id, facts)

        self._app.ledger.run(work)


def _item(row: PlanRow) -> RunItem:
    from syncworker.ledger.runs import RunItem

    details = {
        "shown": row.shown,
        "target": row.target,
        "kind": None if row.kind is None else row.kind.value,
        "value": row.value,
        "reason": row.reason,
    }
    return RunItem(subject=f"{row.channel}/{row.sku}/{row.pool_id}", state="to_be_sent", details=details)


@contextmanager
def recorded(app: App, names: Sequence[str], skus: Sequence[str]) -> Iterator[ResyncRun]:
    """A run that stays unfinished if the block is left by an error, and a bar while somebody looks."""
    from syncworker.ledger import runs

    run_id = app.context.new_id()
    facts = {"channels": ", ".join(names), "skus": ", ".join(skus)}
    actor = app.settings.actor
    app.ledger.run(lambda tx: runs.begin(tx, run_id, kind="resync", actor=actor, details=facts))
    with progress(_("Pulling, reading, comparing")):
        yield ResyncRun(app, run_id)
