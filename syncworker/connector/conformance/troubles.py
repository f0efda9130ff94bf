"""Silver, the troubles: does a failed call mean what the connector says it means, and does nothing secret leak?"""

from __future__ import annotations

import io
import logging
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import partial

from structlog.testing import capture_logs

from syncworker.connector.conformance.bench import Target, Trouble
from syncworker.connector.conformance.checks import check
from syncworker.connector.conformance.judging import (
    CheckFailedError,
    Level,
    expect,
    fail,
    not_applicable,
)
from syncworker.connector.conformance.trial import Trial
from syncworker.connector.contract import Outcome, QuantityPush
from syncworker.errors import (
    ChannelError,
    ChannelMisconfiguredError,
    MalformedAnswerError,
    OutcomeUnknownError,
    RequestRefusedError,
    RetryLaterError,
)

SILVER = Level.SILVER


@check("answer-lost", SILVER)
def answer_lost(trial: Trial) -> None:
    """A push whose answer is lost is unknown, and is not sent a second time."""
    _stays_unknown(trial, Trouble.ANSWER_LOST)


@check("error-after-effect", SILVER)
def error_after_effect(trial: Trial) -> None:
    """A push answered by a broken server is unknown: it may have been applied all the same."""
    _stays_unknown(trial, Trouble.ERROR_AFTER)


@check("unreadable-push-answer", SILVER)
def unreadable_push_answer(trial: Trial) -> None:
    """A push answered with a web page or half a document is unknown."""
    for trouble in (Trouble.WEB_PAGE, Trouble.CUT_SHORT):
        _stays_unknown(trial, trouble)


@check("too-many-calls", SILVER)
def too_many_calls(trial: Trial) -> None:
    """A push turned away by the rate limit was not applied, is not tried again, and says when to come back."""
    sku, before = _ready(trial)
    push, writes = trial.entry(sku, before + 1), trial.shop.writes()
    trial.shop.strike(Trouble.TOO_MANY_CALLS, Target.PUSH)
    try:
        (result,) = trial.send(push)
        outcome: object = result.outcome
    except RetryLaterError as error:
        asked = error.retry_after_s
        expect(asked is None or asked >= 6, f"the channel asked for 7 s, retry_after_s says {asked}")
        outcome = Outcome.REFUSED
    except ChannelError as error:
        outcome = error
    expect(outcome is not Outcome.APPLIED, "a push that was turned away is said to be applied")
    expect(trial.shop.number(sku) == before, "the push was sent again behind the engine's back")
    expect(trial.shop.writes() == writes, "the push was sent again behind the engine's back")


@check("unreadable-page", SILVER)
def unreadable_page(trial: Trial) -> None:
    """A page of orders that cannot be read is an error, never an empty page."""
    trial.sells()
    if not trial.declared.feeds:
        not_applicable("it declares no feed")
    for trouble in (Trouble.WEB_PAGE, Trouble.CUT_SHORT):
        trial.shop.strike(trouble, Target.ORDERS)
        with suppress(RetryLaterError, MalformedAnswerError, ChannelMisconfiguredError):
            trial.channel.list_orders(trial.declared.feeds[0], since=trial.began_at, cursor=None)
            fail(f"{trouble.replace('_', ' ')} was read as a page of orders")
        trial.shop.heal()


@check("no-number-is-not-zero", SILVER)
def no_number_is_not_zero(trial: Trial) -> None:
    """A number that the channel left out is an error or not told, never 0."""
    trial.reads()
    goods = trial.goods(min(len(trial.shop.goods), trial.rules.batch_max))
    for sku in goods:
        trial.shop.put(sku, trial.base(sku) + 4)
    keys = [trial.pool(sku) for sku in goods]
    trial.shop.strike(Trouble.NO_NUMBER, Target.READ)
    with suppress(ChannelError):
        told = {one.pool_key: one.quantity for one in trial.channel.read_quantities(keys)}
        gaps = [key for key in keys if told.get(key) is None]
        expect(bool(gaps), f"a number was left out of the answer, and yet every pool has one: {told}")


@check("partial-failure", SILVER)
def partial_failure(trial: Trial) -> None:
    """In a batch each item has its own outcome: what was refused or left out is never said to be applied."""
    if trial.rules.batch_max < 2:
        not_applicable("a call carries one push: nothing can fail in part")
    for trouble in (Trouble.ITEM_REFUSED, Trouble.ITEM_MISSING):
        _fails_in_part(trial, trouble)


def _fails_in_part(trial: Trial, trouble: Trouble) -> None:
    goods = trial.goods(min(3, trial.rules.batch_max))
    before = {}
    for n, sku in enumerate(goods):
        trial.shop.put(sku, trial.base(sku) + 2 + n)
        before[sku] = trial.shop.number(sku)
    pushes = [trial.entry(sku, before[sku] + 5) for sku in goods]
    trial.shop.strike(trouble, Target.PUSH)
    try:
        results = trial.send(*pushes)
    except OutcomeUnknownError:
        # Where only failures are named, a lost item can only be a broken answer: nobody knows of any.
        expect(trouble is Trouble.ITEM_MISSING, "one refused item makes the whole batch unknown")
        return
    finally:
        trial.shop.heal()
    what = trouble.replace("_", " ")
    for sku, result in zip(goods, results, strict=True):
        if result.outcome is not Outcome.UNKNOWN:
            wanted = before[sku] + 5 if result.outcome is Outcome.APPLIED else before[sku]
            trial.stands(sku, wanted, f"{what}: a push of {sku} is said to be {result.outcome}")


@check("secrets-stay-inside", SILVER, needs_shop=False)
def secrets_stay_inside(trial: Trial) -> None:
    """No secret stands in settings as shown, in a log, or in an error with its traceback."""
    secrets = [one for one in trial.bench.secrets() if len(one) >= 4]
    if not secrets:
        not_applicable("it has no secret")
    said = [repr(trial.bench.validated()), repr(trial.channel), repr(trial.bench.connector)]
    with _everything_logged() as logged:
        said += [_spoken(trial.channel.check), _spoken(lambda: trial.channel.list_listings(cursor=None))]
        said += [_spoken(partial(trial.walk, feed)) for feed in trial.declared.feeds]
        if trial.bench.shop is not None and not trial.rules.own_number:
            said += [_struck(trial, trouble) for trouble in (Trouble.ANSWER_LOST, Trouble.WEB_PAGE)]
    said += logged()
    leaks = [text for text in said if any(secret in text for secret in secrets)]
    expect(not leaks, f"a secret stands in: {_cut(leaks[0], secrets) if leaks else ''}")


def _struck(trial: Trial, trouble: Trouble) -> str:
    sku, before = _ready(trial)
    push = trial.entry(sku, before)
    trial.shop.strike(trouble, Target.PUSH)
    try:
        return _spoken(lambda: trial.channel.push_quantities([push]))
    finally:
        trial.shop.heal()


def _spoken(act: Callable[[], object]) -> str:
    """What a person could get to read of it: the answer, or the error with everything that hangs on it."""
    try:
        return repr(act())
    except Exception:  # noqa: BLE001 - whatever it raises is looked at
        return traceback.format_exc()


def _cut(text: str, secrets: list[str]) -> str:
    for secret in secrets:
        text = text.replace(secret, "[the secret]")
    return text[-300:]


@contextmanager
def _everything_logged() -> Iterator[Callable[[], list[str]]]:
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    root = logging.getLogger()
    level = root.level
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    try:
        with capture_logs() as entries:
            yield lambda: [stream.getvalue(), *(repr(entry) for entry in entries)]
    finally:
        root.setLevel(level)
        root.removeHandler(handler)


def _stays_unknown(trial: Trial, trouble: Trouble) -> None:
    sku, before = _ready(trial)
    push, writes = trial.entry(sku, before + 1), trial.shop.writes()
    trial.shop.strike(trouble, Target.PUSH)
    what = trouble.replace("_", " ")
    try:
        told = _outcome(trial, push)
    finally:
        trial.shop.heal()
    expect(told == Outcome.UNKNOWN, f"{what}: the push is said to be {told}; nobody can know")
    sent = trial.shop.writes() - writes
    expect(sent <= 1, f"{what}: the push was sent {sent} times; it may have been applied the first time")


def _outcome(trial: Trial, push: QuantityPush) -> str:
    """What the engine would make of it: an error that promises too much is named."""
    try:
        (result,) = trial.send(push)
    except (RetryLaterError, RequestRefusedError, ChannelMisconfiguredError) as error:
        return f"not applied ({type(error).__name__})"
    except CheckFailedError:
        raise
    except Exception:  # noqa: BLE001 - any other error counts as unknown
        return Outcome.UNKNOWN
    return result.outcome


def _ready(trial: Trial) -> tuple[str, int]:
    """A SKU and the number that stands there now."""
    (sku,) = trial.goods(1)
    trial.shop.put(sku, trial.base(sku) + 5)
    trial.pool(sku)
    return sku, trial.shop.number(sku)
