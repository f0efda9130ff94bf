"""What becomes of a hold? Created, gathered unit by unit as units are free, given back, fulfilled, or over.

Lowers no number itself: the plan of the parts does, since holds that lack something want it (`planning`). An order never
waits for a hold: where more is promised than is there, the newest hold gives back first.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from functools import partial

from syncworker.core import hold as rule
from syncworker.core.availability import StockLevel, free_of
from syncworker.core.model import MAX_QUANTITY
from syncworker.errors import InputError, UnknownSkuError
from syncworker.ledger import holds, incidents, pools, products, stock, stocktaking
from syncworker.ledger.holds import HoldItem, HoldOutcome, HoldRecord
from syncworker.ledger.incidents import IncidentKind
from syncworker.ledger.ledger import Snapshot, Transaction
from syncworker.ledger.stock import Effect, MovementKind, Place
from syncworker.sync.context import Context, log
from syncworker.sync.incidents import review_parts
from syncworker.sync.premiums import earned_by_hold
from syncworker.sync.stockroom import Part, Stockroom, stockroom_of

#: In the movements of a hold, beside its number.
SOURCE = "hold"
#: Who gathers, gives back and ends holds that nobody touched.
ACTOR = "sync"
#: The longest reference, and the longest name of whom it is for.
TEXT_MAX = 255


def create_hold(
    tx: Transaction,
    *,
    party: str,
    asked: Mapping[str, int],
    until: datetime,
    actor: str,
    location: str = "main",
    reference: str | None = None,
) -> tuple[HoldRecord, bool]:
    """Open a hold and gather what is free; whether it is new: the same reference is taken once. Raises InputError."""
    items = _items(tx, asked)
    _check_texts(party, reference)
    stocktaking.check_location(location)
    wish = (party.strip(), location, dict(asked))
    known = None if reference is None else holds.by_reference(tx, reference)
    if known is not None:
        return _as_wished(known, wish), False
    if until <= tx.now:
        raise InputError("A hold ends in the future: give a later day with --until.")
    parts = sorted({part for item in items for part in item.recipe})
    _lock(tx, [(part, location) for part in parts])
    hold_id, is_new = holds.create(
        tx,
        party=party.strip(),
        location=location,
        reference=reference,
        items=items,
        expires_at=until,
        actor=actor,
    )
    if not is_new:
        # Somebody took the reference since we looked.
        return _as_wished(load_hold(tx, hold_id), wish), False
    gather(tx, parts, actor=actor)
    pools.mark_parts_dirty(tx, parts)
    return load_hold(tx, hold_id), True


def load_hold(tx: Snapshot, hold_id: int) -> HoldRecord:
    """The hold of this number; InputError if there is none."""
    found = holds.load(tx, hold_id)
    if found is None:
        raise InputError(f"There is no hold {hold_id}. See `syncworker hold list --all`.")
    return found


def cancel_hold(tx: Transaction, hold_id: int, *, actor: str) -> HoldRecord:
    """Give everything back at once. Harmless to repeat; InputError if it ended otherwise."""
    return _end(tx, hold_id, HoldOutcome.CANCELLED, actor=actor)


def fulfil_hold(tx: Transaction, hold_id: int, *, actor: str, partly: bool = False) -> HoldRecord:
    """The goods leave, once: what was gathered is on hand no more. Harmless to repeat.

    InputError if it ended otherwise, or lacks something and that was not agreed to (``partly``); the rest is dropped.
    """
    return _end(tx, hold_id, HoldOutcome.FULFILLED, actor=actor, partly=partly)


def gather(tx: Transaction, parts: Iterable[str], *, actor: str = ACTOR) -> bool:
    """Let open holds take what is free of these parts, the oldest first; whether any of them took something."""
    lacking = holds.lacks(tx, parts)
    if not lacking:
        return False
    room = _lock(tx, lacking)
    levels = stock.lock(tx, lacking)
    took = [
        _gather(tx, sku, location, _free(room, levels, (sku, location)), actor=actor)
        for sku, location in sorted(lacking)
    ]
    if any(took):
        pools.mark_parts_dirty(tx, {sku for sku, _ in lacking})
    return any(took)


def gather_first(tx: Transaction, skus: Iterable[str]) -> None:
    """:func:`gather` before these SKUs are planned, so that what came free is theirs only after the holds."""
    lacking = holds.lacks(tx)
    if lacking:
        wanted = sorted(set(skus))
        parts = {part for recipe in products.recipe_of(tx, wanted).values() for part in recipe}
        # All that the plan locks, in one go: whoever locked a part of it first would meet another in a deadlock.
        stockroom_of(tx, wanted, at=lacking)
        gather(tx, parts)


def give_back(tx: Transaction, levels: Mapping[Place, StockLevel], *, actor: str = ACTOR) -> None:
    """An order wins: where more is promised than is there, holds give up what they gathered, the newest first.

    ``levels`` are of rows that are locked already. Nothing is asked where nothing is short.
    """
    short = {place: level.available for place, level in levels.items() if level.available < 0}
    if not short:
        return
    opened = holds.open_on(tx, {sku for sku, _ in short})
    for (sku, location), available in sorted(short.items()):
        having = _of_part(opened, sku, location)
        units = rule.given_back([part.gathered for _, part in having], available)
        for (record, part), back in zip(having, units, strict=True):
            if back:
                effect = _effect(record, sku, part.step, MovementKind.UNHOLD, -back, actor=actor)
                stock.apply_effects(tx, [effect])
                holds.record_gathered(tx, record.id, part, part.gathered - back)


def settle_holds(tx: Transaction, places: Iterable[Place]) -> None:
    """A person changed these counts: holds give back what is missing, or take what came in."""
    changed = sorted(set(places))
    parts = {sku for sku, _ in changed}
    if holds.open_on(tx, parts):
        give_back(tx, stock.lock(tx, changed))
        gather(tx, parts)


def keep_holds(context: Context) -> None:
    """End holds whose time is over and gather what came free. One look while there is nothing to do; harmless to repeat.

    What fails is told, and stops nothing else: the shops have to hear of sales whatever becomes of a hold.
    """
    with context.ledger.snapshot() as tx:
        over, lacking = holds.expired(tx), holds.lacks(tx)
        ready = _ready(tx, lacking) if lacking else []
        failed = incidents.open_incidents(tx, kind=IncidentKind.INTERNAL)
    due: dict[str, Callable[[Transaction], object]] = {
        f"hold/{hold_id}": partial(_expire, hold_id=hold_id) for hold_id in over
    }
    due |= {f"holds of {sku}": partial(gather, parts=[sku]) for sku in ready}
    for subject, work in due.items():
        _try(context, subject, work)
    # Done after all (its commit was not answered), or taken back by a person: nobody tries it again.
    for one in failed:
        if one.subject.startswith(("hold/", "holds of ")) and one.subject not in due:
            context.ledger.run(partial(_nothing_failed, subject=one.subject))


def _nothing_failed(tx: Transaction, subject: str) -> None:
    incidents.close_incident(tx, IncidentKind.INTERNAL, subject)


def _try(context: Context, subject: str, work: Callable[[Transaction], object]) -> None:
    def done(tx: Transaction) -> None:
        work(tx)
        incidents.close_incident(tx, IncidentKind.INTERNAL, subject)

    try:
        context.ledger.run(done)
    except Exception as error:  # noqa: BLE001 - whatever it is, the shops come first
        log.exception("hold_failed", hold=subject)
        details = {"error": f"{subject}: {type(error).__name__}: {error}"[:500]}
        context.ledger.run(lambda tx: incidents.open_incident(tx, IncidentKind.INTERNAL, subject, details))


def _ready(tx: Snapshot, lacking: Iterable[Place]) -> list[str]:
    places = sorted(lacking)
    room = stockroom_of(tx, pools.skus_using(tx, {sku for sku, _ in places}))
    levels = stock.levels(tx, {sku for sku, _ in places})
    return sorted({place[0] for place in places if (_free(room, levels, place) or 0) > 0})


def _expire(tx: Transaction, hold_id: int) -> None:
    record = load_hold(tx, hold_id)
    if record.is_open and record.expires_at <= tx.now:
        _end(tx, hold_id, HoldOutcome.EXPIRED, actor=ACTOR)


def _end(
    tx: Transaction, hold_id: int, outcome: HoldOutcome, *, actor: str, partly: bool = False
) -> HoldRecord:
    asked = load_hold(tx, hold_id)
    places = [(part.sku, asked.location) for part in asked.parts]
    _lock(tx, places)
    stock.lock(tx, places)
    record = load_hold(tx, hold_id)
    if record.outcome is outcome or (outcome is HoldOutcome.EXPIRED and not record.is_open):
        # A person who ended it while we waited for its goods has decided.
        return record
    if not record.is_open:
        raise InputError(
            f"Hold {hold_id} is {record.outcome}; that cannot be taken back. Create a new one instead."
        )
    kind = MovementKind.UNHOLD
    if outcome is HoldOutcome.FULFILLED:
        _check_ready(record, partly=partly)
        kind = MovementKind.SHIP
        earned_by_hold(tx, record)
    effects = [
        _effect(record, part.sku, part.step, kind, -part.gathered, actor=actor)
        for part in record.parts
        if part.gathered
    ]
    stock.apply_effects(tx, effects)
    holds.close(tx, hold_id, outcome, actor=actor)
    # What it no longer lacks, or gives back, may go to the next hold, and to the shops.
    parts = sorted({sku for sku, _ in places})
    gather(tx, parts)
    review_parts(tx, [Part(sku, location) for sku, location in places])
    pools.mark_parts_dirty(tx, parts)
    return load_hold(tx, hold_id)


def _check_ready(record: HoldRecord, *, partly: bool) -> None:
    if not any(part.gathered for part in record.parts):
        raise InputError(f"Hold {record.id} has gathered nothing yet: there is nothing to hand over.")
    if partly or record.is_whole:
        return
    missing = ", ".join(f"{part.lack} × {part.sku}" for part in record.parts if part.lack > 0)
    raise InputError(
        f"Hold {record.id} lacks {missing}. Wait (`syncworker hold show {record.id}`), or hand over what is there and drop"
        f" the rest: `syncworker hold fulfil {record.id} --partly`."
    )


def _gather(tx: Transaction, sku: str, location: str, free: int | None, *, actor: str) -> bool:
    wanting = _of_part(holds.open_on(tx, [sku]), sku, location)
    units = rule.gathered([part.lack for _, part in wanting], free)
    took = False
    for (record, part), taken in zip(wanting, units, strict=True):
        if taken and stock.take(
            tx, sku, location, taken, reference=str(record.id), step=part.step + 1, actor=actor
        ):
            holds.record_gathered(tx, record.id, part, part.gathered + taken)
            took = True
    return took


def _of_part(
    opened: Iterable[HoldRecord], sku: str, location: str
) -> list[tuple[HoldRecord, holds.HoldPart]]:
    found = [(one, one.part(sku)) for one in opened if one.location == location]
    return [(one, part) for one, part in found if part is not None]


def _effect(record: HoldRecord, sku: str, step: int, kind: MovementKind, units: int, *, actor: str) -> Effect:
    """What a hold gives up, or what leaves for it, is reserved no more; what leaves is on hand no more either."""
    return Effect(
        sku=sku,
        location=record.location,
        kind=kind,
        on_hand=units if kind is MovementKind.SHIP else 0,
        reserved=units,
        source=SOURCE,
        reference=str(record.id),
        step=step + 1,
        actor=actor,
    )


def _lock(tx: Transaction, places: Iterable[Place]) -> Stockroom:
    """Counts, then pools, of everything that hangs together with these parts, as everybody locks them."""
    asked = list(places)
    return stockroom_of(tx, pools.skus_using(tx, {sku for sku, _ in asked}), at=asked)


def _free(room: Stockroom, levels: Mapping[Place, StockLevel], place: Place) -> int | None:
    level = levels.get(place, StockLevel(0, 0))
    return free_of(level.available, room.exposures(Part(*place)))


def _items(tx: Snapshot, asked: Mapping[str, int]) -> list[HoldItem]:
    if not asked:
        raise InputError("A hold names what it holds: SKU=UNITS, for instance BIN-BAMBU=36.")
    recipes = products.recipe_of(tx, asked)
    for sku, units in asked.items():
        if sku not in recipes:
            raise UnknownSkuError(sku)
        if isinstance(units, bool) or not 1 <= units <= MAX_QUANTITY:
            raise InputError(f"{sku}: a hold has at least 1 unit and at most {MAX_QUANTITY}, not {units}.")
    return [HoldItem(sku=sku, units=units, recipe=recipes[sku]) for sku, units in sorted(asked.items())]


def _as_wished(known: HoldRecord, wish: tuple[str, str, dict[str, int]]) -> HoldRecord:
    """The hold that has the reference already, if (party, location, units by SKU) are its own."""
    if (known.party, known.location, {item.sku: item.units for item in known.items}) != wish:
        raise InputError(f"Reference {known.reference} was used for hold {known.id}. Use a new one.")
    return known


def _check_texts(party: str, reference: str | None) -> None:
    if not party.strip() or len(party) > TEXT_MAX or not party.isprintable():
        raise InputError(
            f"Say whom the hold is for, in 1 to {TEXT_MAX} printable characters: --for 'parks department'."
        )
    if reference is not None and not (0 < len(reference) <= TEXT_MAX and reference.isprintable()):
        raise InputError(f"A reference has 1 to {TEXT_MAX} printable characters.")
