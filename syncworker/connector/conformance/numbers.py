"""Gold: do the declared facts about numbers hold, so that the engine may count on them and sell more?"""

from __future__ import annotations

import time
import uuid
from contextlib import suppress
from datetime import UTC, datetime
from decimal import Decimal

from syncworker.connector.abilities import HearsWebhooks, WebhookRefusedError, WebhookRequest
from syncworker.connector.conformance.checks import check
from syncworker.connector.conformance.engine import StandIn
from syncworker.connector.conformance.judging import Level, expect, fail, not_applicable
from syncworker.connector.conformance.trial import Trial
from syncworker.connector.contract import ListingDraft, Money, Outcome
from syncworker.connector.transport import SendWindow
from syncworker.core.model import BelowZero, Known, QuantityMode
from syncworker.errors import ListingRejectedError, RequestRefusedError, RetryLaterError

GOLD = Level.GOLD


@check("floor", GOLD)
def floor(trial: Trial) -> None:
    """The floor is as declared: 0 withdraws where 0 is a quantity; below a floor a push is refused or echoed lifted."""
    (sku,) = trial.goods(1)
    least = trial.rules.floor
    if trial.declared.floor is None and trial.declared.zero_is_quantity is None:
        not_applicable(
            "no floor is declared: 0 is assumed, and a channel that refuses it is found out in use"
        )
    trial.shop.put(sku, least + 5)
    if least == 0:
        if not trial.rules.zero_is_quantity:
            not_applicable("zero_is_quantity = False: 0 is never pushed")
        base = trial.base(sku)
        trial.show(sku, 0 if trial.rules.mode is QuantityMode.SET else base)
        sells = trial.shop.sellable(sku)
        trial.shop.put(sku, base + 1)
        expect(sells == 0, f"floor = 0 is declared; after a push of 0 the channel would still sell {sells}")
        return
    trial.show(sku, least)
    (result,) = trial.send(trial.entry(sku, least - 1))
    applied = result.outcome is Outcome.APPLIED
    expect(
        not applied or result.echo == least,
        f"floor = {least}: a push of {least - 1} is said to be applied with echo {result.echo}",
    )
    expect(
        trial.shop.number(sku) >= least, f"floor = {least} is declared, {trial.shop.number(sku)} stands there"
    )


@check("ceiling", GOLD)
def ceiling(trial: Trial) -> None:
    """Above the declared ceiling a push is refused, or the echo tells what it was cut to."""
    most = trial.rules.ceiling
    if most is None:
        not_applicable("no ceiling is declared")
    (sku,) = trial.goods(1)
    trial.shop.put(sku, min(most, trial.base(sku) + 1))
    trial.show(sku, most)
    result = trial.send(trial.entry(sku, most + 1))[0]
    cut = result.outcome is not Outcome.APPLIED or result.echo == trial.shop.number(sku)
    expect(cut, f"a push above the ceiling is said to be applied with echo {result.echo}")


@check("echo", GOLD)
def echo(trial: Trial) -> None:
    """An echo is the number that stands there, in the channel's own kind."""
    (sku,) = trial.goods(1)
    trial.shop.put(sku, trial.base(sku) + 3)
    told = trial.show(sku, trial.base(sku) + 8).echo
    if told is None:
        not_applicable("its answers tell no number")
    expect(told == trial.shop.number(sku), f"the echo is {told}, {trial.shop.number(sku)} stands there")


@check("apply-lag", GOLD)
def apply_lag(trial: Trial) -> None:
    """An accepted number is in force within the declared apply lag."""
    (sku,) = trial.goods(1)
    trial.shop.put(sku, trial.base(sku) + 2)
    trial.show(sku, trial.base(sku) + 9)


@check("read-lag", GOLD)
def read_lag(trial: Trial) -> None:
    """A read-back that begins the declared read lag after a change shows the change."""
    trial.reads()
    if trial.declared.read_lag_s is None:
        not_applicable(f"read_lag_s is not declared: {trial.rules.read_lag_s:g} s are assumed")
    (sku,) = trial.goods(1)
    trial.pool(sku)
    trial.shop.put(sku, trial.base(sku) + 2)
    trial.shop.put(sku, trial.base(sku) + 6)
    changed = time.monotonic()
    wanted = trial.shop.number(sku)
    while True:
        began = time.monotonic() - changed
        reading = trial.read(sku)
        if reading is not None and reading.quantity == wanted:
            return
        if began > trial.rules.read_lag_s + trial.bench.slack_s:
            fail(
                f"read_lag_s = {trial.rules.read_lag_s:g} is declared; {began:.1f} s after a change: {reading}"
            )


@check("below-zero", GOLD)
def below_zero(trial: Trial) -> None:
    """A difference that would take the number below zero ends as declared: refused, clamped, or negative."""
    if trial.rules.mode is not QuantityMode.ADJUST:
        not_applicable(f"mode = {trial.rules.mode}: no difference is ever sent")
    if trial.declared.below_zero is None:
        not_applicable("below_zero is not declared: clamps is assumed")
    (sku,) = trial.goods(1)
    hidden = trial.hidden(sku)
    trial.shop.put(sku, hidden + 2)
    (result,) = trial.send(trial.entry(sku, hidden - 1))
    number = trial.shop.number(sku) - hidden
    if trial.rules.below_zero is BelowZero.REFUSES:
        refused = result.outcome is Outcome.REFUSED and number == 2
        expect(refused, f"below_zero = refuses: taking 3 from 2 came back {result.outcome}, {number} is left")
    elif trial.rules.below_zero is BelowZero.CLAMPS:
        expect(number >= 0, f"below_zero = clamps: taking 3 from 2 left {number}")


@check("compare-and-set", GOLD)
def compare_and_set(trial: Trial) -> None:
    """A number that moved is not overwritten, and the refusal tells what stands there or nothing at all."""
    if trial.rules.mode is not QuantityMode.COMPARE_AND_SET:
        not_applicable(f"mode = {trial.rules.mode}: nothing is compared")
    (sku,) = trial.goods(1)
    trial.shop.put(sku, 7 + trial.base(sku))
    standing = trial.shop.number(sku)
    (stale,) = trial.send(trial.entry(sku, standing + 2, expected=standing - 2))
    number = trial.shop.number(sku)
    told = stale.outcome
    expect(told is Outcome.REFUSED, f"{standing} stands there, {standing - 2} was expected: {told}")
    expect(number == standing, f"the number moved all the same: {number}")
    right = stale.current in (None, standing)
    expect(right, f"the refusal tells {stale.current}, {standing} stands there")
    expect(not stale.parks, "a stale number parks the listing: every sale in between would")


@check("idempotency", GOLD)
def idempotency(trial: Trial) -> None:
    """A repeat with the same idempotency key inside its declared time has no second effect."""
    if not trial.rules.idempotency_s:
        not_applicable("idempotency_s is not declared: a push is never repeated")
    (sku,) = trial.goods(1)
    trial.shop.put(sku, trial.base(sku) + 5)
    push = trial.entry(sku, trial.base(sku) + 7, key=uuid.uuid4().hex)
    trial.send(push)
    trial.stands(sku, trial.base(sku) + 7, "a push with a key was accepted")
    trial.shop.put(sku, trial.base(sku) + 1)
    with suppress(RequestRefusedError):
        trial.send(push)
    time.sleep(min(trial.rules.apply_lag_s, 1.0))
    number = trial.shop.number(sku)
    expect(number == trial.base(sku) + 1, f"a repeat with the same key moved the number to {number}")


@check("batch", GOLD)
def batch(trial: Trial) -> None:
    """A call carries as many pushes as declared, and each has its own result."""
    if trial.rules.batch_max < 2:
        not_applicable("a call carries one push")
    goods = trial.goods(min(trial.rules.batch_max, len(trial.shop.goods)))
    for sku in goods:
        trial.shop.put(sku, trial.base(sku) + 1)
    pushes = [trial.entry(sku, trial.base(sku) + 2 + n) for n, sku in enumerate(goods)]
    results = trial.send(*pushes)
    told = {result.outcome for result in results}
    expect(told == {Outcome.APPLIED}, f"a healthy batch of {len(goods)} came back {sorted(told)}")
    for n, sku in enumerate(goods):
        trial.stands(sku, trial.base(sku) + 2 + n, f"a batch of {len(goods)} was accepted")


@check("send-window", GOLD)
def send_window(trial: Trial) -> None:
    """After the moment until which a push may leave, nothing leaves."""
    (sku,) = trial.goods(1)
    trial.shop.put(sku, trial.base(sku) + 3)
    push, before = trial.entry(sku, trial.base(sku) + 4), trial.shop.writes()
    with suppress(RetryLaterError), SendWindow(-1.0):
        (result,) = trial.send(push)
        expect(result.outcome is Outcome.REFUSED, f"held up for too long, yet the push is {result.outcome}")
    expect(
        trial.shop.writes() == before, "the push left although its time had passed: use ChannelHttp to send"
    )


@check("publish", GOLD)
def publish(trial: Trial) -> None:
    """A published listing shows nothing until a push, and publishing again finds it."""
    if not trial.declared.publishes:
        not_applicable("publishes = False: listings are made by hand")
    draft = ListingDraft(
        sku=f"CONF-{uuid.uuid4().hex[:8].upper()}",
        title="Conformance",
        price=Money(Decimal(1000), trial.channel.check().currency or "IDR"),
        idempotency_key=uuid.uuid4().hex,
    )
    try:
        first = trial.channel.publish(draft)
    except ListingRejectedError as error:
        fail(f"publishes = True is declared, yet a plain product is rejected: {error}")
    expect(
        first.quantity in (None, 0), f"a new listing shows {first.quantity}: no quantity may leave by itself"
    )
    expect(trial.shop.sellable(draft.sku) == 0, "a new listing sells before anything was pushed")
    second = trial.channel.publish(draft)
    expect(second.listing_id == first.listing_id, "publishing again makes a second listing of one SKU")


@check("webhooks", GOLD, needs_shop=False)
def webhooks(trial: Trial) -> None:
    """A call that proves nothing is refused, and rings for no pull."""
    if not isinstance(trial.channel, HearsWebhooks):
        not_applicable("it hears no webhooks")
    forged = WebhookRequest(
        url="https://example.org/webhook", headers={}, body=b'{"order": 1}', received_at=datetime.now(UTC)
    )
    try:
        trial.channel.hint(forged)
    except WebhookRefusedError:
        return
    fail("a webhook without any signature is believed")


@check("plan-again", GOLD)
def plan_again(trial: Trial) -> None:
    """Push, read back, plan again: the second plan is empty."""
    (sku,) = trial.goods(1)
    units = trial.rules.floor + 10
    units = units if trial.rules.ceiling is None else min(units, trial.rules.ceiling)
    _let_pass(trial, trial.declared.visibility_lag_s or 0.0)
    trial.shop.put(sku, trial.rules.floor + trial.hidden(sku))
    _let_pass(trial, trial.declared.read_lag_s or 0.0)
    engine = StandIn(trial.channel, {sku: units})
    expect(engine.adopt() == (sku,), f"list_listings does not tell {sku}")
    if not trial.rules.readable:
        next(iter(engine.pools.values())).shown = trial.rules.floor
    sent = engine.push()
    wanted = next(iter(engine.pools.values())).shown or 0
    expect(0 < wanted <= units, f"{units} units were there, {wanted} are said to be shown")
    expect(len(sent) == 1, f"{units} units were there, {trial.rules.floor} shown, and no push was planned")
    _let_pass(trial, trial.rules.apply_lag_s + (trial.declared.read_lag_s or 0.0))
    engine.rest(trial.rules.apply_lag_s + trial.rules.read_lag_s + trial.rules.visibility_lag_s + 1)
    if trial.rules.takes_orders:
        engine.pull()
    read = list(engine.read_back().values())
    sells, shown = trial.shop.sellable(sku), next(iter(engine.pools.values())).shown
    expect(sells == wanted == shown, f"{wanted} units were planned, {sells} would sell, {shown} are believed")
    expect(not trial.rules.readable or read == [wanted], f"{wanted} units were planned, read back as {read}")
    again = [one.push for one in engine.plan() if one.push is not None]
    expect(not again, f"nothing happened, and yet the second plan is not empty: {again}")
    _sold_is_followed(trial, engine, sku)


def _sold_is_followed(trial: Trial, engine: StandIn, sku: str) -> None:
    """Once units are sold, no more is held than there is."""
    if not trial.rules.takes_orders:
        return
    order_id = trial.shop.buy(sku, 2)
    line = trial.told(order_id, lambda one: one.ordered == 2, "2 units were bought")
    engine.pull()
    left, sells = engine.available(sku), trial.shop.sellable(sku)
    expect(
        line.counts_down is not Known.YES or engine.held() <= left,
        f"{left} are left, {engine.held()} are held",
    )
    expect(sells <= left, f"{left} units are left, the channel would sell {sells}")


def _let_pass(trial: Trial, lag_s: float) -> None:
    """The channel's own lag, as far as patience goes."""
    time.sleep(min(lag_s, trial.bench.patience_s))
