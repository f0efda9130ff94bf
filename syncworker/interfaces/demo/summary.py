"""How is the end told? The outcome as a few lines that can be read aloud; every number comes from ``outcome.py``."""

from __future__ import annotations

from collections.abc import Iterator

from syncworker.interfaces.demo.outcome import Outcome
from syncworker.interfaces.demo.sentences import decimal
from syncworker.interfaces.demo.story import Line, Tone
from syncworker.interfaces.demo.told import Road, Told
from syncworker.interfaces.demo.words import counted, listed
from syncworker.interfaces.figures import number
from syncworker.interfaces.language import N_, _, ngettext

#: Columns of the label in front of each line, and where its text begins.
LABEL = 16
INDENT = 2 + LABEL

_ROADS = {
    Road.NO_PUSH: N_("no new number needed"),
    Road.EXACT: N_("shops that compare or add, the stall"),
    Road.CATALOGUE: N_("in or out of stock in the catalogue"),
    Road.TOP_UP: N_("filled up at the plain shop"),
    Road.DRAIN: N_("taken off the page first"),
}


def summarize(outcome: Outcome) -> Iterator[Line]:
    """Line by line."""
    yield Line(_heading(outcome), Tone.GOOD if outcome.is_as_promised else Tone.BAD)
    yield _line(_("Sold"), _sold(outcome))
    yield _line(_("Oversold"), _oversold(outcome), Tone.BAD if outcome.verdict.oversold else Tone.GOOD)
    yield _line(_("Turned away"), _turned_away(outcome))
    yield _line(_("API calls"), _calls(outcome))
    if outcome.told:
        yield _line(_("Told"), _("from a sale until every shop had what it needs to know:"))
        for road, told in outcome.told.items():
            yield _line("", _told(_(_ROADS[road]), told))
    if outcome.untold:
        yield _line("", _("not told yet: {sales}").format(sales=number(outcome.untold)))
    yield _line(_("Books"), _books(outcome), Tone.BAD if outcome.books else Tone.PLAIN)


def _heading(outcome: Outcome) -> str:
    seconds = number(round(outcome.seconds))
    if outcome.ended == "sold_out":
        return _("Sold out after {seconds} seconds.").format(seconds=seconds)
    if outcome.ended == "interrupted":
        return _("Stopped after {seconds} seconds.").format(seconds=seconds)
    return _("The doors closed after {seconds} seconds.").format(seconds=seconds)


def _sold(outcome: Outcome) -> str:
    orders = ngettext("{n} order", "{n} orders", outcome.verdict.orders)
    return _(
        "{sold} of {made} units, in {orders}, of which {cancelled} cancelled; one till for all shops would have sold {ideal}"
    ).format(
        sold=number(outcome.verdict.sold),
        made=number(outcome.supply),
        orders=orders.format(n=number(outcome.verdict.orders)),
        cancelled=number(outcome.cancelled),
        ideal=number(outcome.ideal),
    )


def _oversold(outcome: Outcome) -> str:
    if outcome.verdict.oversold == 0:
        return _("0. By the shops' own logs, no unit was sold twice at any moment.")
    goods = [counted(part.sku, part.oversold) for part in outcome.verdict.parts if part.oversold]
    return ngettext(
        "{n}: {goods}. {n} buyer gets an apology instead.",
        "{n}: {goods}. {n} buyers get an apology instead.",
        outcome.verdict.oversold,
    ).format(n=number(outcome.verdict.oversold), goods=listed(goods))


def _turned_away(outcome: Outcome) -> str:
    late = outcome.verdict.turned_away - outcome.turned_away
    return _("{n} of {visits} visits, while units were there; {late} more came when all was gone").format(
        n=number(outcome.turned_away), visits=number(outcome.verdict.visits), late=number(late)
    )


def _calls(outcome: Outcome) -> str:
    return _("{total}: {asked} times asked for orders, {told} times told numbers, {other} others").format(
        total=number(sum(outcome.calls.values())),
        asked=number(outcome.calls.get("orders_asked", 0)),
        told=number(outcome.calls.get("numbers_told", 0)),
        other=number(sum(outcome.calls.get(kind, 0) for kind in ("published", "numbers_read", "other"))),
    )


def _told(road: str, told: Told) -> str:
    sales = ngettext("{n} sale", "{n} sales", told.sales).format(n=number(told.sales))
    return _("{road}: {sales}, mostly {median} s, at most {slowest} s").format(
        road=road, sales=sales, median=decimal(told.median_s), slowest=decimal(told.slowest_s)
    )


def _books(outcome: Outcome) -> str:
    if outcome.books:
        return _("do not add up: {finding}").format(finding=outcome.books[0])
    return _("add up: every change of the count is written down, and their sum is the count")


def _line(label: str, text: str, tone: Tone = Tone.PLAIN) -> Line:
    return Line(f"  {label:<{LABEL}}{text}", tone)
