"""What does it cost to leave a fact undeclared? The value that is assumed, and what a seller loses by it."""

from __future__ import annotations

from collections.abc import Mapping

from syncworker.connector.contract import Capabilities

#: Fact → what the assumed value costs. A lost sale now and then, never a broken promise.
COSTS: Mapping[str, str] = {
    "below_zero": "a lowered number frees its units only once it was read back, since it may have been cut off at zero",
    "floor": "none where 0 can be shown; a channel that keeps more shows what it will not give up, and its pushes are refused",
    "zero_is_quantity": "none where 0 is taken; a channel that wants a listing switched off instead refuses every withdrawal",
    "readable": "no number is read back: a hand edit stays unseen, and a lost answer costs a set to 0 and a dark while",
    "takes_orders": "a catalogue that nobody can order from holds units all the same, and they sell nowhere else",
    "visibility_lag_s": "units of a changed number stay bound for 2 minutes more, and a drained pool stays dark as long",
    "apply_lag_s": "none where a number is in force when it is acknowledged; a slower channel settles too early and must say so",
    "read_lag_s": "a read-back is believed only a minute after the last change",
    "horizon_s": "after a lost answer nothing but 0 is sent to that pool for up to 3 minutes",
    "clock_skew_s": "a late order counts as older than a settled number only if it is so by 2 minutes",
    "idempotency_s": "a push whose answer was lost is never repeated: the number is read back first",
    "poll_s": "orders are asked for once a minute",
    "batch_max": "one number a call: a hundred changed numbers are a hundred calls",
}


def assumed_values() -> dict[str, object]:
    """What is assumed of each fact that nobody declares."""
    rules = Capabilities().rules()
    return {name: getattr(rules, name) for name in Capabilities().assumed()}
