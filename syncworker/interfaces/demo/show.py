"""How does one demo run? Open, share out, sell, close, judge; Ctrl-C ends it at any point and leaves nothing running.

The story's clock is this loop: it looks at the shops' logs a few times a second and says what is worth a line.
"""

from __future__ import annotations

import signal
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING

from syncworker.errors import SyncworkerError
from syncworker.interfaces.demo import sentences
from syncworker.interfaces.demo.buyers import Buyers
from syncworker.interfaces.demo.cast import STALL, sellers
from syncworker.interfaces.demo.happenings import Follower, Happening, Shelf
from syncworker.interfaces.demo.screen import Screen
from syncworker.interfaces.demo.story import Line, Story, Tone
from syncworker.interfaces.demo.visits import buyers_per_minute, draw_acts
from syncworker.interfaces.demo.words import sentences_begin_large
from syncworker.interfaces.language import _

if TYPE_CHECKING:
    from syncworker.interfaces.demo.outcome import Outcome
    from syncworker.interfaces.demo.stage import Stage
    from syncworker.interfaces.demo.told import PlanWatch

#: Between two looks at the logs, and at the rows that tell what was planned.
LOOK_S, ROWS_S = 0.1, 0.25
#: The pages have their first numbers well before that; what TikTok Shop listed already is read back and settled first.
SHARED_OUT_S = 40.0
#: The engine knows the last order after visibility and poll; a busy computer may need longer.
CATCH_UP_S = 15.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Wishes:
    """What was asked for on the command line."""

    seconds: float
    seed: int
    policy: str
    #: Where to leave database, configuration and logs; ``None``: nowhere.
    keep: Path | None


@dataclass(slots=True)
class Stop:
    """Whether somebody asked to stop, and how."""

    wanted: threading.Event = field(default_factory=threading.Event)
    by_signal: int = 0

    @contextmanager
    def listening(self) -> Iterator[None]:
        """Take over Ctrl-C and SIGTERM, and give them back. A second Ctrl-C is no longer asked politely."""
        before = {number: signal.signal(number, self._heard) for number in (signal.SIGINT, signal.SIGTERM)}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    def _heard(self, number: int, _frame: FrameType | None) -> None:
        if self.wanted.is_set():
            raise KeyboardInterrupt
        self.by_signal = number
        self.wanted.set()


def run_show(wishes: Wishes, screen: Screen, stop: Stop) -> Outcome:
    """One demo from beginning to end; raises StoppedEarlyError if it is stopped before the doors open."""
    from syncworker.interfaces.demo.stage import open_stage

    with ExitStack() as held:
        folder = _folder(held, wishes.keep)
        screen.say(Line(sentences.opening()))
        stage = held.enter_context(
            open_stage(folder, seed=wishes.seed, policy=wishes.policy, stop=stop.wanted)
        )
        follower = Follower(stage.logs, list(stage.modes))
        held.callback(follower.close)
        return _Show(wishes, screen, stop, stage, follower).play()


def _folder(held: ExitStack, keep: Path | None) -> Path:
    if keep is None:
        return Path(held.enter_context(tempfile.TemporaryDirectory(prefix="syncworker-demo-")))
    keep.mkdir(parents=True, exist_ok=True)
    return keep.absolute()


class _Show:
    """The part of the demo in which everything is open."""

    def __init__(self, wishes: Wishes, screen: Screen, stop: Stop, stage: Stage, follower: Follower) -> None:
        from syncworker.interfaces.demo.told import PlanWatch

        self._wishes, self._screen, self._stop = wishes, screen, stop
        self._stage, self._follower = stage, follower
        self._places = list(stage.modes)
        self._shops = sellers(self._places, stage.modes)
        self._windows = [name for name in self._places if name not in self._shops]
        self._shelf = Shelf(stage.catalogue)
        self._watch: PlanWatch = PlanWatch(stage.app.ledger, stage.modes)
        self._sales: list[Happening] = []
        self._story: Story | None = None
        self._rows_at = 0.0

    def play(self) -> Outcome:
        self._share_out()
        controls = {name: shop.control for name, shop in self._stage.shops.items()}
        acts = draw_acts(self._wishes.seed, self._wishes.seconds)
        buyers = Buyers(acts, controls, {STALL: self._stage.stall})
        self._story = Story(
            self._shelf,
            self._places,
            self._stage.modes,
            is_shared=self._wishes.policy == "shared",
            began=datetime.now(UTC),
        )
        self._screen.say(Line(sentences.buyers_come(buyers_per_minute(self._wishes.seconds)), at_s=0.0))
        began = time.monotonic()
        buyers.start()
        try:
            self._sell(buyers, began)
        finally:
            buyers.stop()
        seconds = time.monotonic() - began
        ended = self._close(seconds)
        self._stage.engine.stop()
        self._look()
        self._screen.rest()
        return self._judged(ended, seconds)

    # --- before the doors open -------------------------------------------------------------------------------------

    def _share_out(self) -> None:
        shelf, is_shared = self._shelf, self._wishes.policy == "shared"
        self._screen.say(Line(sentences_begin_large(sentences.who_is_there(self._shops, self._windows))))
        self._screen.say(Line(sentences.on_the_shelf(shelf.supply)))
        self._screen.say(Line(sentences.house_rule(is_shared=is_shared)))
        if not self._await(self._is_shared_out, SHARED_OUT_S) and not self._stop.wanted.is_set():
            raise SyncworkerError(
                _(
                    "The shops did not get their first numbers in time. Is the computer very busy? Run the demo again."
                )
            )
        self._screen.say(Line(self._first_numbers()))

    def _is_shared_out(self) -> bool:
        """Every page shows something, and all is quiet: nothing more is on its way."""
        if any(
            max(self._shelf.shown.get((shop, sku), 0) for sku in self._shelf.catalogue.items) == 0
            for shop in self._places
        ):
            return False
        return not self._is_busy()

    def _is_busy(self) -> bool:
        from syncworker.ledger import pools, pushes

        with self._stage.app.ledger.snapshot() as tx:
            return bool(pools.dirty_channels(tx) or pushes.unanswered(tx))

    def _first_numbers(self) -> str:
        sku = max(self._shelf.supply, key=lambda part: self._shelf.supply[part])
        return sentences.shared_out(sku, self._shelf.shows(sku, self._shops), self._shelf.supply[sku])

    # --- while they sell -------------------------------------------------------------------------------------------

    def _sell(self, buyers: Buyers, began: float) -> None:
        while not self._stop.wanted.is_set():
            at_s = time.monotonic() - began
            self._look()
            if self._shelf.is_sold_out or at_s >= self._wishes.seconds:
                return
            if buyers.found_closed:
                raise SyncworkerError(_("A pretend shop stopped answering. Run the demo again."))
            for line in self._story.score(at_s) if self._story else []:
                self._screen.say(line)
            self._stop.wanted.wait(LOOK_S)

    def _look(self) -> None:
        """Take in what is new, and say what is worth it."""
        for happening in self._follower.news():
            self._shelf.take(happening)
            if happening.kind == "buy":
                self._sales.append(happening)
            for line in self._story.tell(happening) if self._story else []:
                self._screen.say(line)
        if time.monotonic() >= self._rows_at:
            self._rows_at = time.monotonic() + ROWS_S
            self._watch.look()
            self._stage.stall.look()
        self._screen.draw(self._shelf, self._shops, self._windows)

    def _await(self, condition: Callable[[], bool], timeout_s: float) -> bool:
        """Go on looking until it is true; False when it is stopped, or never true in this time."""
        deadline = time.monotonic() + timeout_s
        while not self._stop.wanted.is_set():
            self._look()
            if condition():
                return True
            if time.monotonic() > deadline:
                return False
            self._stop.wanted.wait(LOOK_S)
        return False

    # --- when the doors are closed ---------------------------------------------------------------------------------

    def _close(self, seconds: float) -> str:
        """Let the engine hear of the last orders, unless somebody wants to go; how it ended. The story is over."""
        self._story = None
        if self._stop.wanted.is_set():
            self._screen.say(Line(sentences.interrupted(), at_s=seconds))
            return "interrupted"
        sold_out = self._shelf.is_sold_out
        text = sentences.all_gone() if sold_out else sentences.time_is_up()
        self._screen.say(Line(text, Tone.GOOD if sold_out else Tone.PLAIN, seconds))
        self._await(self._is_all_recorded, CATCH_UP_S)
        return "sold_out" if sold_out else "time"

    def _is_all_recorded(self) -> bool:
        from syncworker.interfaces.demo.shops import told_id
        from syncworker.interfaces.demo.told import ALL
        from syncworker.ledger import orders

        with self._stage.app.ledger.snapshot() as tx:
            known = {(order.channel, order.external_id) for order in orders.latest(tx, most=ALL)}
        wanted = {(sale.shop, told_id(sale.shop, sale.order_id)) for sale in self._sales}
        return wanted <= known and not self._is_busy()

    def _judged(self, ended: str, seconds: float) -> Outcome:
        from syncworker.interfaces.demo.outcome import judge_stage

        return judge_stage(
            self._stage,
            self._follower,
            self._watch,
            self._sales,
            policy=self._wishes.policy,
            seed=self._wishes.seed,
            ended=ended,
            seconds=seconds,
        )
