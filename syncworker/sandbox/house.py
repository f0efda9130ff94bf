"""Which shops stand in this process, and how does one get at them safely? Locks, tokens and the clock; no HTTP."""

from __future__ import annotations

import random
import secrets
import threading
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from pathlib import Path

from syncworker.sandbox.log import EventLog
from syncworker.sandbox.model import Marketplace
from syncworker.sandbox.refusal import RefusedError
from syncworker.sandbox.setup import ShopSetup
from syncworker.sandbox.webhooks import Bell


def wall_clock() -> datetime:
    """The time now, aware and in UTC."""
    return datetime.now(UTC)


class Shopfront:
    """One marketplace with its token, the wire format it speaks, and the one lock that guards it."""

    def __init__(
        self, market: Marketplace, token: str, dialect: str = "marketplace", webhook_url: str | None = None
    ) -> None:
        self.market = market
        #: Where its seller wants to be called from the beginning.
        self.webhook_url = webhook_url
        self.bell: Bell | None = None
        self.token = token
        self.dialect = dialect
        self.lock = threading.Lock()

    def call_at(self, bell: Bell | None) -> None:
        """Call the seller by that bell from now on, and by no other one; the caller holds the lock."""
        if self.bell is not None:
            self.bell.stop()
        self.bell = bell
        self.market.book.listener = None if bell is None else bell.hear

    def admits(self, token: str) -> bool:
        """Whether this is the shop's token, compared in constant time."""
        return secrets.compare_digest(token.encode(), self.token.encode())


class House:
    """All shops of one sandbox process."""

    def __init__(self, shops: dict[str, Shopfront], *, clock: Callable[[], datetime] = wall_clock) -> None:
        self.shops = shops
        self.clock = clock
        self._stopping = threading.Event()

    def shop(self, name: str) -> Shopfront:
        """The shop of that name; `RefusedError` if there is none."""
        if name not in self.shops:
            raise RefusedError(404, "unknown_shop", f"there is no shop {name!r}")
        return self.shops[name]

    def wait(self, seconds: float) -> None:
        """Keep one caller waiting, never under a lock; ends early when the house closes."""
        self._stopping.wait(seconds)

    def stop_waiting(self) -> None:
        """Let every caller that is kept waiting go; later waits return at once."""
        self._stopping.set()

    def close(self) -> None:
        """Close the log files."""
        for front in self.shops.values():
            with front.lock:
                front.market.log.close()


def open_house(setups: Iterable[ShopSetup], *, seed: int = 0, log_dir: Path | None = None) -> House:
    """Open the shops. Each has random streams of its own, made from the seed and its name.

    With `log_dir` each shop writes `NAME.jsonl` there; a file from an earlier run is replaced.
    """
    shops: dict[str, Shopfront] = {}
    now = wall_clock()
    for setup in setups:
        profile = setup.profile
        if profile.name in shops:
            raise ValueError(f"two shops are called {profile.name!r}")
        market = Marketplace(
            profile,
            rng=random.Random(f"{seed}:{profile.name}"),
            log=EventLog(profile.name, _log_file(log_dir, profile.name)),
            listings=setup.listings,
            now=now,
        )
        shops[profile.name] = Shopfront(market, setup.token, setup.dialect, setup.webhook_url)
    if not shops:
        raise ValueError("a sandbox needs at least one shop")
    return House(shops)


def _log_file(log_dir: Path | None, shop: str) -> Path | None:
    if log_dir is None:
        return None
    log_dir.mkdir(parents=True, exist_ok=True)
    path = log_dir / f"{shop}.jsonl"
    path.unlink(missing_ok=True)
    return path
