"""How does `simulate` answer? A table, a picture of bars and plain sentences for people; a document for programs."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from syncworker.forecast.building import Wishes
from syncworker.forecast.outcome import Forecast
from syncworker.interfaces.cli.desk import Desk
from syncworker.interfaces.cli.paper import table
from syncworker.interfaces.figures import mean, number
from syncworker.interfaces.language import _, ngettext

#: Columns of the longest bar.
BAR = 36
#: Points of the course that a program is told.
POINTS = 60
_FULL, _PARTS = "█", " ▏▎▍▌▋▊▉"


def document(wishes: Wishes, found: Sequence[Forecast], svg: Path | None) -> dict[str, object]:
    """The answer for programs; numbers are means a run unless their name says otherwise."""
    upsets = wishes.upsets
    return {
        "skus": len(wishes.goods.recipes),
        "units": sum(wishes.goods.parts.values()),
        "shops": [
            {
                "name": shop.name,
                "mode": "counter" if shop.rules.own_number else shop.rules.mode.value,
                "visibility_s": shop.rules.visibility_lag_s
                if wishes.visibility_s is None
                else wishes.visibility_s,
            }
            for shop in wishes.shops
        ],
        "orders": None if wishes.demand.history is None else len(wishes.demand.history.rows),
        "rate": wishes.demand.rate if wishes.demand.history is None else None,
        "cancelled_share": upsets.cancelled,
        "restocked_share": upsets.restocked,
        "lost_answers_share": upsets.lost_answers,
        "late_listings_share": upsets.late_listings,
        "late_by_s": upsets.late_by_s,
        "results": [_result(one) for one in found],
        "svg": svg,
    }


def _result(one: Forecast) -> dict[str, object]:
    step = max(1, len(one.course) // POINTS)
    return {
        "policy": one.policy.policy,
        "escrow_below": one.policy.escrow_below,
        "poll_s": one.poll_s,
        "runs": one.runs,
        "oversold": one.oversold,
        "oversold_worst": one.oversold_worst,
        "runs_oversold": one.runs_oversold,
        "sold": one.sold,
        "one_stock": one.one_stock,
        "visits": one.visits,
        "visits_in_stock": one.visits_in_stock,
        "turned_away": one.turned_away,
        "turned_away_in_stock": one.turned_away_in_stock,
        "calls": one.calls,
        "pushes": one.pushes,
        "reads": one.reads,
        "pulls": one.pulls,
        "cancelled": one.cancelled,
        "lost_answers": one.lost_answers,
        "late_listings": one.late_listings,
        "course": [
            {"second": point.second, "there": point.there, "short": point.short}
            for point in one.course[::step]
        ],
    }


def label(one: Forecast, *, several_polls: bool) -> str:
    """What is compared, as short as it is typed."""
    below = one.policy.escrow_below
    said = one.policy.policy.value if below is None else f"{one.policy.policy.value}:{below}"
    if not several_polls or one.poll_s is None:
        return said
    return _("{policy}, every {n} s").format(policy=said, n=mean(one.poll_s))


def labels(found: Sequence[Forecast]) -> list[str]:
    """One for each."""
    several = len({one.poll_s for one in found}) > 1
    return [label(one, several_polls=several) for one in found]


# --- for people


def show(desk: Desk, wishes: Wishes, found: Sequence[Forecast], svg: Path | None) -> None:
    """The whole answer."""
    desk.say(played(wishes, found))
    desk.say()
    names = labels(found)
    _table(desk, names, found)
    desk.say()
    for line in _bars(names, found):
        desk.say(line)
    for name, one in zip(names, found, strict=True):
        desk.say(f"{name}: {verdict(one)}")
    desk.say()
    desk.say(
        _(
            "One stock: what a single stock that every buyer sees at once would have sold. In stock: turned away though it was"
            " there. Sent, read: numbers; Asked: how often shops were asked for orders."
        )
    )
    if svg is not None:
        desk.say(_("Drawn into {file}.").format(file=svg))


def played(wishes: Wishes, found: Sequence[Forecast]) -> str:
    """What was played, in a sentence or two."""
    history, upsets = wishes.demand.history, wishes.upsets
    goods = ngettext(
        "{units} units of {n} SKU", "{units} units of {n} SKUs", len(wishes.goods.recipes)
    ).format(units=number(sum(wishes.goods.parts.values())), n=number(len(wishes.goods.recipes)))
    shops = ngettext("{n} shop", "{n} shops", len(wishes.shops)).format(n=number(len(wishes.shops)))
    if history is None:
        who = _("{rate} visits an hour").format(rate=mean(wishes.demand.rate))
    else:
        who = ngettext("the buyers of {n} order", "the buyers of {n} orders", len(history.rows)).format(
            n=number(len(history.rows))
        )
    runs = ngettext("means of {n} run", "means of {n} runs", found[0].runs).format(n=number(found[0].runs))
    text = f"{goods}, {shops}, {who}; {runs}."
    shares = (
        (upsets.cancelled, _("{share} % of the orders are cancelled")),
        (upsets.lost_answers, _("{share} % of the answers are lost")),
        (upsets.late_listings, _("{share} % of the orders are listed late")),
    )
    wrong = [said.format(share=mean(100 * share)) for share, said in shares if share]
    return text if not wrong else f"{text} {', '.join(wrong)}."


def _table(desk: Desk, names: Sequence[str], found: Sequence[Forecast]) -> None:
    titles = [
        _("Policy"),
        _("Sold twice"),
        _("Sold"),
        _("One stock"),
        _("Turned away"),
        _("in stock"),
        _("Sent, read"),
        _("Asked"),
    ]
    rows = [
        [
            name,
            mean(one.oversold),
            mean(one.sold),
            mean(one.one_stock),
            mean(one.turned_away),
            mean(one.turned_away_in_stock),
            mean(one.pushes + one.reads),
            mean(one.pulls),
        ]
        for name, one in zip(names, found, strict=True)
    ]
    table(desk, titles, rows, right=range(1, len(titles)))


def _bars(names: Sequence[str], found: Sequence[Forecast]) -> list[str]:
    measures: list[tuple[str, Callable[[Forecast], float]]] = [
        (_("Sold twice"), lambda one: one.oversold),
        (_("Sold"), lambda one: one.sold),
        (_("Turned away though in stock"), lambda one: one.turned_away_in_stock),
    ]
    wide = max(map(len, names))
    lines = []
    for title, measure in measures:
        most = max(map(measure, found))
        lines.append(title)
        for name, one in zip(names, found, strict=True):
            lines.append(f"  {name:<{wide}} │{_bar(measure(one), most)} {mean(measure(one))}")
        lines.append("")
    return lines


def _bar(value: float, most: float) -> str:
    eighths = round(8 * BAR * value / most) if most > 0 else 0
    if value > 0:
        eighths = max(1, eighths)
    whole, part = divmod(eighths, 8)
    return _FULL * whole + (_PARTS[part] if part else "")


def verdict(one: Forecast) -> str:
    """What it means, in two sentences."""
    if one.runs_oversold:
        twice = _("too many were sold: {units} on average, in {some} of {runs} runs, {most} at most.").format(
            units=mean(one.oversold),
            some=number(one.runs_oversold),
            runs=number(one.runs),
            most=number(one.oversold_worst),
        )
    else:
        twice = _("nothing was sold twice.")
    visits = one.visits_in_stock
    share = 100 * one.turned_away_in_stock / visits if visits else 0.0
    away = _("Of {visits} visits while it was in stock {n} found nothing ({share} %).").format(
        n=mean(one.turned_away_in_stock), visits=mean(visits), share=mean(share)
    )
    return f"{twice} {away}"
