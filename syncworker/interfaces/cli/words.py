"""What are states, reasons and incidents called by a person? Names of the engine in plain words, and the next step for each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from syncworker.core.allocator import Reason
from syncworker.core.decision import SENTENCES
from syncworker.interfaces.figures import moment, number
from syncworker.interfaces.language import N_, _
from syncworker.ledger.incidents import Incident, IncidentKind
from syncworker.ledger.stock import MovementKind
from syncworker.sync.waiting import Wait, WaitKind

STATES = {
    "observing": N_("observing"),
    "live": N_("live"),
    "paused": N_("paused"),
    "found": N_("not linked"),
    "linked": N_("linked"),
    "unlinking": N_("linked, to be unlinked"),
    "ignored": N_("ignored"),
    "sending": N_("on its way"),
    "unknown": N_("no answer yet"),
    "acknowledged": N_("accepted"),
    "refused": N_("refused"),
    "settled": N_("settled"),
    "shipped": N_("shipped"),
    "cancelled": N_("cancelled"),
    "applied": N_("counted"),
    "quarantined": N_("waiting for a link"),
    "new": N_("new"),
    "changed": N_("changed"),
    "unchanged": N_("unchanged"),
    "base": N_("believed"),
    "too_fresh": N_("too fresh to be believed"),
    "absent": N_("not found there"),
    "drift": N_("higher than explained"),
    "failed": N_("not answered"),
    "fixed": N_("not changed from here"),
    "not_managed": N_("as the seller wrote it"),
    "in_step": N_("in step"),
    "to_be_sent": N_("to be sent"),
    "hidden": N_("hidden"),
}

#: What is said of an order as a whole; ``unknown`` is no push without an answer here.
ORDER_STATES = {
    "live": N_("to be shipped"),
    "shipped": N_("shipped"),
    "cancelled": N_("cancelled"),
    "unknown": N_("of a status that nobody knows"),
}

RUNS = {
    "import": N_("import"),
    "sales": N_("sales from a file"),
    "resync": N_("resync"),
    "reconcile": N_("read-back of every number"),
    "assume": N_("number vouched for"),
    "apply": N_("plan carried out"),
    "resolve": N_("incident closed by a person"),
    "remove": N_("channel removed"),
    "undo": N_("undone"),
    "restore": N_("backup restored"),
    "repair": N_("mended by the doctor"),
}

JOBS = {
    "pull": N_("pull orders"),
    "push": N_("send numbers"),
    "read": N_("read numbers back"),
    "contents": N_("send titles, prices and pictures"),
    "listings": N_("look for listings"),
}

MOVEMENTS = {
    MovementKind.RESERVE: N_("promised to orders"),
    MovementKind.RELEASE: N_("given back by orders"),
    MovementKind.SHIP: N_("shipped"),
    MovementKind.RECEIVE: N_("goods in"),
    MovementKind.ADJUST: N_("corrected"),
    MovementKind.COUNT: N_("counted"),
    MovementKind.HOLD: N_("put on hold"),
    MovementKind.UNHOLD: N_("hold given up"),
    MovementKind.MOVE: N_("moved between locations"),
}

_WAITS = {
    WaitKind.GATE: N_("the channel is left alone until {until}"),
    WaitKind.PAUSE: N_("it was refused here; tried again after {until}"),
    WaitKind.ANSWER: N_("an unanswered push can take effect until {until}; then the number is read back"),
    WaitKind.PULL: N_("settled by the first complete pull that begins after {until}"),
    WaitKind.READ: N_("read back from {until} on"),
    WaitKind.DRAIN: N_("may be set to 0 again after {until}"),
    WaitKind.OTHERS: N_("another channel gives units back, {until} at the earliest"),
    WaitKind.GO_LIVE: N_("nothing is sent until `syncworker channel go-live {channel}`"),
    WaitKind.RESUME: N_("nothing is raised until `syncworker channel resume {channel}`"),
    WaitKind.PERSON: N_("parked until a person mends what the channel refused"),
    WaitKind.PUSH: N_("sent by the next push, within seconds while `syncworker up` runs"),
}
_OTHERS_SOMETIME = N_("another channel has to give units back first; no time is set for that")

_INCIDENTS = {
    IncidentKind.OVERSOLD: N_("oversold: {units_short} of {sku} too many were sold"),
    IncidentKind.DEFICIT: N_("the channels together could sell {units_short} of {sku} more than there are"),
    IncidentKind.DRIFT: N_("{channel} shows more of {sku} than we can explain"),
    IncidentKind.BRAKE: N_(
        "a run at {channel} stopped: it would have changed {changed} of {listings} listings, {zeroed} of them to 0"
    ),
    IncidentKind.PARKED: N_("{channel} refuses {sku}: {message}"),
    IncidentKind.FAILING: N_("{channel} fails: {error}"),
    IncidentKind.QUARANTINE: N_("order {order} at {channel} sells a listing that is not linked"),
    IncidentKind.UNKNOWN_STATUS: N_("order {order} at {channel} has a status that nobody knows: {status}"),
    IncidentKind.NOT_PROTECTED: N_("{channel} sells {count} listings of ours that are not linked"),
    IncidentKind.RESTORED: N_(
        "a backup was restored: every number at the channels is unknown until it is read"
    ),
    IncidentKind.LATE_ORDER: N_("{channel} told of an order later than it declares"),
    IncidentKind.NUMBER_MOVED: N_("{channel} sells {sku} from another stock of its own than before"),
    IncidentKind.NUMBER_TAKEN: N_(
        "{channel} sells {sku} from the stock of {other}: neither is sold there now"
    ),
    IncidentKind.LISTING_REFUSED: N_("{channel} does not accept what is to be told of {sku}: {message}"),
    IncidentKind.EXPIRING: N_("the consent of {channel} ends at {ends_at} (UTC)"),
    IncidentKind.INTERNAL: N_("the engine failed at something that nobody foresaw: {error}"),
}

_NEXT_STEPS = {
    IncidentKind.OVERSOLD: N_(
        "Bring goods in (`syncworker stock receive {sku} N`), or cancel the newest order."
    ),
    IncidentKind.DEFICIT: N_("Nothing to do: numbers are being lowered. See `syncworker explain {sku}`."),
    IncidentKind.DRIFT: N_(
        "Was it changed by hand there? `syncworker resync {channel} --sku {sku}` corrects it."
    ),
    IncidentKind.BRAKE: N_(
        "Nothing is raised there until you approve: `syncworker resync {channel} --dry-run --plan FILE`, look at it, then"
        " `syncworker resync --apply FILE`."
    ),
    IncidentKind.PARKED: N_("Mend it at the channel, then `syncworker resync {channel} --sku {sku}`."),
    IncidentKind.FAILING: N_("See what is wrong with `syncworker channel check {channel}`."),
    IncidentKind.QUARANTINE: N_(
        "Link the listing (`syncworker listing suggest {channel}`), or `syncworker order map {channel} {order} SKU`."
    ),
    IncidentKind.UNKNOWN_STATUS: N_(
        "Its goods are held. Look at the order at the channel; it closes once it moves on."
    ),
    IncidentKind.NOT_PROTECTED: N_("Link them: `syncworker listing suggest {channel} --apply`."),
    IncidentKind.RESTORED: N_(
        "Only withdrawals are sent until every number is read: watch `syncworker status`. Then enter again what was typed in"
        " since that backup was made (goods in, counts, sales at the stall): nobody else knows it."
    ),
    IncidentKind.LISTING_REFUSED: N_(
        "Change {sku} in the catalogue, or its price (`syncworker price set {channel} {sku}`): it is sent by itself."
        " As it is: `syncworker listing update {channel} {sku} --retry`."
    ),
    IncidentKind.EXPIRING: N_("Renew it before then: `syncworker channel connect {channel}`."),
    IncidentKind.INTERNAL: N_("It is tried again by itself. Please report it, with the log."),
    IncidentKind.NUMBER_MOVED: N_(
        "Nothing to do: the old number is set to 0, the new one is read and taken over. See `syncworker explain {sku}`."
    ),
    IncidentKind.NUMBER_TAKEN: N_(
        "Give listing {listing} a stock of its own at {channel}, then `syncworker listing list --channel {channel} --refresh`."
    ),
    IncidentKind.LATE_ORDER: N_("Declare a longer visibility_lag_s for {channel} in channels.toml."),
}
#: Why a number differs; the classes without a sentence of their own are told as any other.
DRIFTS = {
    "late_push": N_("{channel} still shows {number} of {sku}, though it accepted {expected}"),
    "edit": N_("{sku} was changed by hand at {channel}: it shows {number}, expected were {expected}"),
    "missed_order": N_("{channel} shows {number} of {sku}, expected were {expected}: orders may be missing"),
    "locked": N_("{channel} keeps {number} of {sku} on sale, whatever it is told; expected were {expected}"),
    "mapping": N_("{channel} has no number for {sku} any more"),
}
CLASSES = {
    "late_push": N_("a push came late"),
    "edit": N_("changed there"),
    "missed_order": N_("orders missed or yet to come"),
    "locked": N_("locked there"),
    "mapping": N_("gone there"),
}
_KEPT_STEPS = {
    "ask": N_(
        "It is only lowered until you approve or it is {expected} again. If {channel} is right, correct the count or set a"
        " limit first. See `syncworker explain {sku}`."
    ),
    "freeze": N_(
        "It is frozen: only lowered until you say so. If {channel} is right, correct the count or set a limit first. See"
        " `syncworker explain {sku}`."
    ),
}
_UNSURE = N_(
    "{unsure}: it does not say whether a sale of {sku} lowered its number, so {units_short} may be shown once too often"
)
_UNSURE_STEP = N_(
    "Nothing to do: it is read back within minutes, and less is shown meanwhile. If you see the number fall with each order,"
    " say so in channels.toml (`syncworker connector info`, counts_down): then this does not happen."
)
_UNFORESEEN = N_("{kind}: {subject}")
_LOOK = N_("See `syncworker incident list --json` for the facts.")


def state(value: str) -> str:
    """A state by its plain name."""
    return _(STATES.get(value, value))


def policy_choice(name: str, below: int | None) -> str:
    """``shared, escrow below 10 units``."""
    return (
        name if below is None else _("{policy}, escrow below {n} units").format(policy=name, n=number(below))
    )


def job(value: str) -> str:
    """What is done at a channel again and again."""
    return _(JOBS.get(value, value))


def run_kind(value: str) -> str:
    """What was set in motion."""
    return _(RUNS.get(value, value))


def order_state(value: str) -> str:
    """How an order stands."""
    return _(ORDER_STATES.get(value, value))


def step(before: int, after: int) -> str:
    """A count before and after: ``36 → 34``, or the one number if it is the same."""
    return number(after) if before == after else f"{number(before)} → {number(after)}"


def reason(why: Reason) -> str:
    """Why the allocator does what it does."""
    return _(SENTENCES[why])


def reason_named(name: str) -> str:
    """The same for a reason stored by name; other names are shown as they are."""
    return reason(Reason(name)) if name in set(Reason) else name


def movement(kind: MovementKind) -> str:
    """Why a count changed."""
    return _(MOVEMENTS[kind])


def wait(one: Wait, channel: str) -> str:
    """What a pool waits for."""
    if one.kind is WaitKind.OTHERS and one.until is None:
        return _(_OTHERS_SOMETIME)
    return _(_WAITS[one.kind]).format(until=moment(one.until), channel=channel)


def incident(one: Incident) -> str:
    """What is wrong, in one sentence."""
    template = _INCIDENTS.get(one.kind)
    named = str(one.details.get("class"))
    if one.kind is IncidentKind.DRIFT and (one.details.get("number") is not None or named == "mapping"):
        template = DRIFTS.get(named, template)
    if template is None:
        return _(_UNFORESEEN).format(kind=one.kind.value, subject=one.subject)
    return _(template).format_map(_Facts(one.details))


def next_step(one: Incident) -> str:
    """What to do about it."""
    step = _NEXT_STEPS.get(one.kind, _LOOK)
    if one.kind is IncidentKind.DEFICIT and one.details.get("unsure"):
        step = _UNSURE_STEP
    if one.kind is IncidentKind.DRIFT:
        step = _KEPT_STEPS.get(str(one.details.get("policy")), step)
    return _(step).format_map(_Facts(one.details))


def drift(name: str) -> str:
    """Why a number was not as expected."""
    return _(CLASSES.get(name, name))


class _Facts(dict[str, object]):
    """Facts of an incident by name, numbers as people write them; one that an older version did not store is a dash."""

    def __init__(self, facts: Mapping[str, object]) -> None:
        super().__init__({name: _spoken(value) for name, value in facts.items()})

    def __missing__(self, name: str) -> str:
        return "–"


def _spoken(value: object) -> object:
    if value is None:
        return "–"
    return number(value) if isinstance(value, int) and not isinstance(value, bool) else value


def push_value(kind: str, value: int, expected: int | None = None) -> str:
    """A quantity that is or was sent: ``→ 9``, ``+3``, ``3 → 9``."""
    if kind == "adjust":
        return f"{value:+d}"
    return f"→ {number(value)}" if expected is None else f"{number(expected)} → {number(value)}"


def names(values: Sequence[str], *, most: int = 5) -> str:
    """A few names, and how many more there are."""
    shown = ", ".join(values[:most])
    return (
        shown
        if len(values) <= most
        else _("{names} and {n} more").format(names=shown, n=number(len(values) - most))
    )


def since(at: datetime | None) -> str:
    """A time, or that it never happened."""
    return _("never") if at is None else moment(at)
