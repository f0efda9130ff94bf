"""What did the person ask `simulate` for? What was typed, read into wishes, or refused where it contradicts itself."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from syncworker.core.model import Limits, Policy, PolicyChoice
from syncworker.errors import InputError
from syncworker.forecast import building
from syncworker.forecast.building import Demand, Goods, ShopWish, Wishes
from syncworker.forecast.history import History, read_history
from syncworker.forecast.setting import Shop, Upsets
from syncworker.interfaces.language import _

if TYPE_CHECKING:
    from syncworker.forecast.books import Books
    from syncworker.interfaces.cli.desk import Desk

USUAL_RATE = 60.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Typed:
    """The options of `simulate`, as they were given."""

    orders: Path | None
    from_ledger: bool
    rate: float | None
    hours: float | None
    stock: int | None
    catalogue: Path | None
    #: So much less of everything than there is, a share of 1.
    short: float
    shops: Sequence[ShopWish]
    policies: Sequence[PolicyChoice]
    polls: Sequence[float]
    visibility_s: float | None
    cancelled: float
    restocked: float
    lost_answers: float
    late_listings: float
    late_by_s: float | None

    @property
    def is_replay(self) -> bool:
        """Whether the buyers are those of a history."""
        return self.orders is not None or self.from_ledger


def wishes_of(desk: Desk, typed: Typed) -> Wishes:
    """What is to be tried. InputError for options that contradict each other, and for files that cannot be used."""
    _check(typed)
    limits: Mapping[tuple[str, str], Limits] = {}
    if typed.from_ledger:
        books = _from_ledger(desk)
        goods, shops, history, limits = books.goods, books.shops, books.history, books.limits
    elif typed.orders is not None:
        goods, shops, history = _from_file(typed, typed.orders)
    else:
        goods, shops, history = _goods(typed), building.shops_of(typed.shops or building.usual_shops()), None
    if history is not None:
        goods = building.only_sold(goods, history.units)
    goods = building.shortened(goods, typed.short)
    lag_s = typed.visibility_s
    declared = max(one.rules.visibility_lag_s for one in shops) if lag_s is None else lag_s
    return Wishes(
        goods=goods,
        shops=shops,
        demand=Demand(history=history, rate=typed.rate or USUAL_RATE, hours=typed.hours),
        policies=typed.policies or (PolicyChoice(Policy.ESCROW), PolicyChoice(Policy.SHARED)),
        polls=tuple(dict.fromkeys(typed.polls)),
        visibility_s=lag_s,
        limits=limits,
        upsets=Upsets(
            cancelled=typed.cancelled,
            restocked=typed.restocked,
            lost_answers=typed.lost_answers,
            late_listings=typed.late_listings,
            late_by_s=declared if typed.late_by_s is None else typed.late_by_s,
        ),
    )


def _check(typed: Typed) -> None:
    sources = [
        name
        for name, is_given in (
            ("--orders", typed.orders is not None),
            ("--from-ledger", typed.from_ledger),
            ("--rate", typed.rate is not None),
        )
        if is_given
    ]
    if len(sources) > 1:
        raise InputError(
            _("Say once who comes: {options} exclude each other.").format(options=", ".join(sources))
        )
    if typed.stock is not None and typed.catalogue is not None:
        raise InputError(_("Say once what there is: --stock and --catalogue exclude each other."))
    if typed.from_ledger and (typed.shops or typed.stock is not None or typed.catalogue is not None):
        raise InputError(
            _("--from-ledger brings shops and goods of its own: leave --shops, --stock and --catalogue out.")
        )


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise InputError(
            _("{file} cannot be read: {error}.").format(file=path, error=error.strerror)
        ) from error


def _goods(typed: Typed) -> Goods:
    if typed.catalogue is not None:
        return building.catalogue_goods(_read(typed.catalogue))
    return building.plain_goods({building.USUAL_SKU: typed.stock or building.USUAL_STOCK})


def _from_file(typed: Typed, orders: Path) -> tuple[Goods, list[Shop], History]:
    known = None if typed.catalogue is None else _goods(typed)
    history = read_history(_read(orders), skus=None if known is None else list(known.recipes))
    goods = building.goods_for(history, stock=typed.stock) if known is None else known
    return goods, building.shops_for(history, typed.shops), history


def _from_ledger(desk: Desk) -> Books:
    from syncworker.forecast.books import from_books

    with desk.app() as app, app.ledger.snapshot() as tx:
        return from_books(tx)
