"""Bronze: can this connector be used at all? Form, settings, secrets, listings and numbers on a healthy channel."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, timedelta
from typing import NoReturn

from pydantic import SecretStr

from syncworker.connector.auth import KeptToken, Token, TokenStore
from syncworker.connector.conformance.checks import check
from syncworker.connector.conformance.inspection import contract_mistakes, foreign_imports
from syncworker.connector.conformance.judging import Level, expect, fail, not_applicable
from syncworker.connector.conformance.trial import Trial
from syncworker.connector.contract import ChannelOrder, Outcome, QuantityPush
from syncworker.errors import ChannelError, ChannelMisconfiguredError

BRONZE = Level.BRONZE


@check("contract", BRONZE, needs_shop=False)
def contract(trial: Trial) -> None:
    """The connector has everything that the contract names, in its form: name, version, settings, every method."""
    mistakes = contract_mistakes(trial.bench.connector, trial.channel)
    expect(not mistakes, "; ".join(mistakes))


@check("imports", BRONZE, needs_shop=False)
def imports(trial: Trial) -> None:
    """Its code imports nothing of syncworker but `syncworker.connector`."""
    found = foreign_imports(type(trial.bench.connector).__module__)
    if found is None:
        not_applicable("it has no code of its own")
    expect(not found, "; ".join(found))


@check("capabilities", BRONZE, needs_shop=False)
def capabilities(trial: Trial) -> None:
    """What it declares makes sense: no negative times, a floor below the ceiling, feeds where orders come from."""
    declared, rules = trial.declared, trial.rules
    wrong = [
        f"{name} = {value}"
        for name in (
            "visibility_lag_s",
            "apply_lag_s",
            "read_lag_s",
            "horizon_s",
            "clock_skew_s",
            "idempotency_s",
        )
        if (value := getattr(declared, name)) is not None and not 0 <= value <= 86_400 * 30
    ]
    expect(not wrong, f"no such time can be: {', '.join(wrong)}")
    expect(rules.batch_max >= 1, f"batch_max = {rules.batch_max}: a call carries one push at least")
    expect(rules.floor >= 0, f"floor = {rules.floor}: no buyer sees less than nothing")
    expect(rules.ceiling is None or rules.ceiling >= rules.floor, "the ceiling lies below the floor")
    has_feeds = bool(declared.feeds) or rules.own_number or not rules.takes_orders
    expect(has_feeds, "feeds is empty: orders that nobody lists are sold twice")
    expect(len(set(declared.feeds)) == len(declared.feeds), "one feed is named twice")
    expect(trial.channel.capabilities() == declared, "capabilities() says something else the second time")


@check("opens-offline", BRONZE, needs_shop=False)
def opens_offline(trial: Trial) -> None:
    """Opening an account and asking for its capabilities needs no network."""
    with _no_network():
        trial.bench.open().capabilities()


@check("answers", BRONZE, needs_shop=False)
def answers(trial: Trial) -> None:
    """`check` proves address and credentials, and tells a name that a person recognises."""
    found = trial.channel.check()
    expect(bool(found.name.strip()), "check() tells no name")
    currency = found.currency
    well_formed = currency is None or (len(currency) == 3 and currency.isupper())
    expect(well_formed, f"check() tells the currency {currency!r}; three capital letters, or None")


@check("wrong-secret", BRONZE, needs_shop=False)
def wrong_secret(trial: Trial) -> None:
    """A wrong secret is a wrong configuration, said without the secret."""
    wrong = dict.fromkeys(trial.bench.secret_settings(), "wrong-0f3c-secret")
    kept = trial.bench.tokens().current()
    store: TokenStore | None = None
    if kept is not None:
        store = KeptToken(Token(access=SecretStr("wrong-0f3c-secret"), refresh=None, facts=kept.facts))
    if not wrong and store is None:
        not_applicable("it has no secret")
    try:
        trial.bench.open(tokens=store, **wrong).check()
    except ChannelMisconfiguredError as error:
        expect("wrong-0f3c" not in str(error), f"the error quotes the secret: {error}")
    except ChannelError as error:
        fail(
            f"a wrong secret raised {type(error).__name__}; ChannelMisconfiguredError tells a person to mend it"
        )
    else:
        fail("check() is content with a wrong secret")


@check("listings", BRONZE, needs_shop=False)
def listings(trial: Trial) -> None:
    """Every listing is told once, with an id and the key of the number it sells from; the walk ends."""
    found = trial.all_listings()
    ids = [one.listing_id for one in found]
    twice = sorted({one for one in ids if ids.count(one) > 1})
    expect(not twice, f"listings that are told twice: {', '.join(twice[:5])}")
    empty = [one for one in found if not one.listing_id or not one.pool_key]
    expect(not empty, "a listing without listing_id or pool_key: nothing could be linked to it")
    wrong = [one for one in found if one.quantity is not None and not _whole(one.quantity)]
    expect(not wrong, "a listing's quantity is not a whole number")
    if trial.bench.shop is not None:
        for sku in trial.shop.goods:
            trial.listing(sku)


@check("orders", BRONZE, needs_shop=False)
def orders(trial: Trial) -> None:
    """Every declared feed can be walked to its end; orders are levels with aware times, each page oldest change first."""
    trial.sells()
    if not trial.declared.feeds:
        not_applicable("it declares no feed")
    for feed in trial.declared.feeds:
        pages = trial.walk_pages(feed, since=trial.began_at - timedelta(days=30))
        for page in pages:
            times = [order.updated_at for order in page]
            expect(times == sorted(times), f"feed {feed!r} does not tell the oldest change of a page first")
        told = [order for page in pages for order in page]
        for order in told:
            _well_formed(order)
        versions = [(order.external_id, order.updated_at) for order in told]
        expect(len(set(versions)) == len(versions), f"feed {feed!r} tells one change twice in a quiet walk")


@check("shows-what-is-pushed", BRONZE)
def shows_what_is_pushed(trial: Trial) -> None:
    """A number that is pushed and accepted stands there, more and less than before."""
    (sku,) = trial.goods(1)
    least = trial.base(sku) + 1
    trial.shop.put(sku, least + 1)
    for value in (least + 6, least + 1):
        trial.show(sku, value)


@check("reads-back", BRONZE)
def reads_back(trial: Trial) -> None:
    """What a hand wrote at the channel is what is read back."""
    trial.reads()
    (sku,) = trial.goods(1)
    trial.shop.put(sku, trial.base(sku) + 7)
    wanted = trial.shop.number(sku)
    trial.within(
        trial.rules.read_lag_s,
        lambda: (reading := trial.read(sku)) is not None and reading.quantity == wanted,
        lambda: f"{wanted} stands there, read back as {trial.read(sku)}",
    )


@check("unknown-pool", BRONZE)
def unknown_pool(trial: Trial) -> None:
    """A pool that the channel does not know has no number, which is not 0, and takes no push."""
    if trial.rules.own_number:
        not_applicable("its number is ours: every SKU has one")
    key = _stranger(trial.pool(trial.goods(1)[0]))
    if trial.rules.readable:
        told = [one for one in trial.channel.read_quantities([key]) if one.pool_key == key]
        expect(all(one.quantity is None for one in told), "an unknown pool is read as a number")
    push = QuantityPush(push_id="stranger", pool_key=key, kind=trial.rules.mode, value=1, expected=0)
    try:
        (result,) = trial.send(push)
    except ChannelError:
        return
    expect(result.outcome is not Outcome.APPLIED, "a push to an unknown pool is said to be applied")


def _stranger(key: str) -> str:
    """A key of the same form that nothing is listed under."""
    digits = [place for place, sign in enumerate(key) if sign.isdigit()]
    if not digits:
        return f"{key}-nowhere"
    last = digits[-1]
    changed = "".join("9" if place in digits[-4:] else sign for place, sign in enumerate(key))
    return changed if changed != key else key[:last] + "8" + key[last + 1 :]


def _well_formed(order: ChannelOrder) -> None:
    expect(bool(order.external_id), "an order without external_id")
    for name, moment in (("placed_at", order.placed_at), ("updated_at", order.updated_at)):
        aware = moment.tzinfo is not None and moment.utcoffset() == UTC.utcoffset(None)
        expect(aware, f"order {order.external_id}: {name} is not an aware time in UTC")
    lines = [line.line_id for line in order.lines]
    expect(len(set(lines)) == len(lines), f"order {order.external_id}: two lines have one line_id")


def _whole(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


@contextmanager
def _no_network() -> Iterator[None]:
    """Whatever connects meanwhile fails the check."""

    def refuse(*_: object, **__: object) -> NoReturn:
        fail("it connects to the network; open() and capabilities() must not")

    before = socket.socket.connect
    socket.socket.connect = refuse  # type: ignore[method-assign]  # put back below
    try:
        yield
    finally:
        socket.socket.connect = before  # type: ignore[method-assign]
