"""One piece of syncworker as a process of its own: ``python -m tests.faults.piece up|worker|prefork|beat CONFIG``.

Prints ``ready`` when it works; its log goes to stderr.
"""

import sys
from pathlib import Path

from syncworker.bootstrap import build
from syncworker.settings import load_settings
from syncworker.tasks import beat, up, worker
from syncworker.telemetry import configure_logging
from tests.invariants import check_rule


def main(piece: str, folder: str) -> int:
    settings = load_settings(Path(folder))
    configure_logging(level=settings.log_level, style="json", secrets=settings.secrets)
    if piece == "beat":
        return beat(settings)
    with build(settings) as app:
        if piece == "up":
            # Only where one process writes: on a server the check would see halves of others' commits.
            app.ledger.before_commit.append(check_rule)
            return up(app, on_ready=lambda _: say_ready())
        return worker(app, pool="prefork" if piece == "prefork" else "threads", on_ready=say_ready)


def say_ready() -> None:
    sys.stdout.write("ready\n")
    sys.stdout.flush()


if __name__ == "__main__":
    raise SystemExit(main(*sys.argv[1:]))
