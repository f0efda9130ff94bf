"""Which of all that happens is worth a line? The turning points, each kind of thing once, and the score now and then.

Words are in ``sentences.py``; the shelf is the outside's truth (``happenings.py``).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import Enum

from syncworker.interfaces.demo import sentences
from syncworker.interfaces.demo.cast import CATALOGUE, NUMBER, OWN, sellers
from syncworker.interfaces.demo.happenings import PUSHES, Happening, Shelf
from syncworker.interfaces.demo.visits import CARVING
from syncworker.interfaces.demo.words import sentences_begin_large

#: A part is scarce from so few units on.
SCARCE = 3
#: The score is told after so much time without a line, in seconds.
SILENCE_S = 6.0
#: So many units of a part that are sold twice get a line each; the score tells of the others.
APOLOGIES = 2
#: Between two lines about numbers that shops are told.
PUSH_PAUSE_S = 2.0


class Tone(Enum):
    """How a line is meant."""

    PLAIN = "plain"
    GOOD = "good"
    BAD = "bad"


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the story, at its second after the doors opened (``None`` before that)."""

    text: str
    tone: Tone = Tone.PLAIN
    at_s: float | None = None


class Story:
    """Feed it every happening after it was taken into the shelf; it says what to tell."""

    def __init__(
        self,
        shelf: Shelf,
        shops: Sequence[str],
        modes: Mapping[str, str],
        *,
        is_shared: bool,
        began: datetime,
    ) -> None:
        self._shelf, self._shops, self._modes = shelf, sellers(shops, modes), modes
        self._is_shared, self._began = is_shared, began
        self._told: set[object] = set()
        self._rivals: list[Happening] = []
        self._last_push_s = self._last_line_s = 0.0

    def tell(self, happening: Happening) -> list[Line]:
        """The lines for one happening, mostly none."""
        at_s = (happening.at - self._began).total_seconds()
        if at_s < 0:
            return []
        lines = [Line(sentences_begin_large(text), tone, at_s) for text, tone in self._about(happening, at_s)]
        if lines:
            self._last_line_s = at_s
        return lines

    def score(self, at_s: float) -> list[Line]:
        """How it stands, if nothing was told for a while."""
        shelf = self._shelf
        if at_s - self._last_line_s < SILENCE_S:
            return []
        self._last_line_s = at_s
        tone = Tone.BAD if shelf.oversold else Tone.PLAIN
        text = sentences.score(shelf.units_sold, sum(shelf.supply.values()), shelf.oversold)
        return [Line(text, tone, at_s)]

    def _about(self, happening: Happening, at_s: float) -> Iterator[tuple[str, Tone]]:
        if happening.sku == CARVING and happening.buyer.startswith("rival"):
            yield from self._race(happening)
        elif happening.kind == "buy":
            yield from self._sale(happening)
        elif happening.kind == "turned_away":
            yield from self._in_vain(happening)
        elif happening.kind == "cancel":
            yield (
                sentences.cancelled(happening.shop, happening.sku, restocked=happening.restocked),
                Tone.PLAIN,
            )
        elif happening.kind == NUMBER or (happening.kind in PUSHES and not happening.refused):
            yield from self._number(happening, at_s)

    # --- sales -----------------------------------------------------------------------------------------------------

    def _sale(self, sale: Happening) -> Iterator[tuple[str, Tone]]:
        is_typed_in = self._modes[sale.shop] == OWN
        if self._is_first(("sale", is_typed_in)):
            yield (
                (
                    sentences.first_sale_at_stall(sale.shop, sale.sku)
                    if is_typed_in
                    else sentences.first_sale(sale.shop, sale.sku, sale.before, sale.after)
                ),
                Tone.PLAIN,
            )
        recipe = self._shelf.recipe(sale.sku)
        if len(recipe) > 1 and self._is_first("set"):
            yield sentences.first_set(sale.shop), Tone.PLAIN
        for part in recipe:
            left = self._shelf.left(part)
            if left < 0 and self._is_first(("twice", part, max(left, -APOLOGIES - 1))) and left >= -APOLOGIES:
                sold, made = self._shelf.sold[part], self._shelf.supply[part]
                yield sentences.sold_twice(sale.shop, sale.sku, part, sold, made), Tone.BAD
            elif left == 0 and self._is_first(("last", part)):
                yield from self._last_one(sale, part)
            elif left == SCARCE and part != CARVING and self._is_first("scarce"):
                yield sentences.scarce(part, left, self._shelf.shows(part, self._shops)), Tone.PLAIN

    def _last_one(self, sale: Happening, part: str) -> Iterator[tuple[str, Tone]]:
        text = sentences.last_one(sale.shop, sale.sku, part, made=self._shelf.supply[part])
        others = [name for name in self._shops if name != sale.shop]
        still = {name: units for name, units in self._shelf.shows(part, others).items() if units > 0}
        if still:
            yield f"{text} {sentences.others_still_show(part, still)}", Tone.BAD
            return
        since = [self._shelf.empty_since[name, part] for name in others]
        seconds = (sale.at - max(since)).total_seconds()
        yield f"{text} {sentences.others_had_stopped(part, others, seconds)}", Tone.GOOD

    def _race(self, visit: Happening) -> Iterator[tuple[str, Tone]]:
        self._rivals.append(visit)
        if len(self._rivals) < 2:
            return
        sold = [rival.shop for rival in self._rivals if rival.kind == "buy"]
        others = [rival.shop for rival in self._rivals if rival.kind != "buy"]
        if len(sold) == 2:
            yield sentences.race_lost(sold[0], sold[1]), Tone.BAD
        elif sold and self._is_shared:
            yield sentences.race_too_late(sold[0], others[0]), Tone.GOOD
        elif sold:
            yield sentences.race_won(sold[0], others[0]), Tone.GOOD

    def _in_vain(self, visit: Happening) -> Iterator[tuple[str, Tone]]:
        if self._shelf.could_serve(visit.sku) and self._is_first("in vain"):
            shown = self._shelf.shows(visit.sku, self._shops)
            yield sentences.turned_away(visit.shop, visit.sku, shown), Tone.PLAIN

    # --- numbers told to the shops ---------------------------------------------------------------------------------

    def _number(self, told: Happening, at_s: float) -> Iterator[tuple[str, Tone]]:
        if told.before == told.after:
            return
        mode = self._modes[told.shop]
        if mode == CATALOGUE:
            yield from self._window(told)
        elif mode != OWN:
            yield from self._push(told, at_s)
        elif at_s - self._last_push_s >= PUSH_PAUSE_S and self._is_first("stall"):
            self._last_push_s = at_s
            words = sentences.follows_shelf if self._is_shared else sentences.stall_number
            yield words(told.shop, told.sku, told.before, told.after), Tone.PLAIN

    def _window(self, told: Happening) -> Iterator[tuple[str, Tone]]:
        """Of a part alone: what holds of a part holds of the sets that it is in."""
        if told.sku not in self._shelf.supply or told.sku == CARVING:
            return
        if told.after == 0:
            if self._is_first(("window empty", told.sku)):
                yield sentences.out_of_stock(told.shop, told.sku), Tone.PLAIN
        elif ("window empty", told.sku) in self._told and self._is_first("window full again"):
            yield sentences.in_stock_again(told.shop, told.sku), Tone.PLAIN

    def _push(self, push: Happening, at_s: float) -> Iterator[tuple[str, Tone]]:
        """The first of each kind, so that every shop's way of getting more is seen once; giving back looks alike."""
        rises = push.after > push.before
        kind = (push.shop, "rises") if rises else ("falls", push.after == 0)
        if at_s - self._last_push_s < PUSH_PAUSE_S or not self._is_first(kind):
            return
        self._last_push_s = at_s
        yield self._words(push, rises), Tone.PLAIN

    def _words(self, push: Happening, rises: bool) -> str:
        place = (push.shop, push.sku, push.before, push.after)
        if self._is_shared:
            return sentences.follows_shelf(*place)
        if not rises:
            if push.after == 0:
                return sentences.emptied(push.shop, push.sku, push.before)
            return sentences.gave_back(*place)
        by_mode = {
            "set": sentences.filled_by_number,
            "compare_and_set": sentences.filled_by_comparing,
            "delta": sentences.filled_by_adding,
        }
        return by_mode[self._modes[push.shop]](*place)

    def _is_first(self, thing: object) -> bool:
        if thing in self._told:
            return False
        self._told.add(thing)
        return True
