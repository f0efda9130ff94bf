"""What would a careless build do? One careless version of every row of the rule, each with the world that must catch it.

A version that no world catches is a hole in the worlds, not a proof of the version. Of three it is proved that they are
harmless: each says why, and is searched all the same where it would have to bite. `rows.py` names the versions of every
row and of every numbered point.
"""

from __future__ import annotations

from syncworker.core import availability, fulfilment
from tests.prove import careless_bound as bound
from tests.prove import careless_ours as ours
from tests.prove.careless_holds import HOLDS
from tests.prove.version import Careless
from tests.prove.version import core as _core
from tests.prove.version import ours as _ours

#: In the order of the event table, then the numbered points.
VERSIONS = (
    _core(
        "a line that did not count down lowers",
        "sold",
        "typed by staff",
        "sold",
        bound.sold_whatever_it_counts,
    ),
    _core("no sale is older than the base", "sold", "listed too late", "is_before_settled_base", bound.never),
    _core("a restock adds nothing", "refund", "the channel restocks a return", "restocked", bound.plain),
    _core("a cancellation adds nothing", "cancellation", "one of a kind", "cancelled", bound.plain),
    _core(
        "unknown counts as not restocked",
        "cancellation",
        "perhaps restocked",
        "cancelled",
        bound.cancelled_only_if_sure,
    ),
    _core(
        "first seen cancelled: nothing",
        "first seen cancelled, 5",
        "one of a kind",
        "first_seen_cancelled",
        bound.plain,
    ),
    _core(
        "first seen cancelled: a sale",
        "first seen cancelled",
        "one of a kind",
        "first_seen_cancelled",
        bound.first_seen_as_sale,
    ),
    _core(
        "first seen cancelled: base ignored",
        "first seen cancelled",
        "listed too late, then cancelled",
        "first_seen_cancelled",
        bound.first_seen_only_behind,
    ),
    Careless(
        "taken back: sold again whatever",
        "taken back",
        "taken back, not restocked",
        fulfilment,
        "move_bound",
        ours.moved_as_events,
    ),
    *ours.ON_LINES,
    Careless(
        "an edit to fewer adds nothing",
        "edit",
        "orders edited",
        fulfilment,
        "move_bound",
        ours.moved_without_fewer,
    ),
    Careless(
        "a return is counted at once",
        "refund",
        "a return that stays out",
        fulfilment,
        "stock_effect",
        ours.effect_of_returns,
    ),
    _core("increases start below zero", "clause (a), 7", "sold below zero", "_grown", bound.grown_from_below),
    _core(
        "a raise leaves the pending bound",
        "clause (b), 6",
        "raised while a read-back is pending",
        "raised",
        bound.raised_without_pending,
    ),
    _core(
        "a restock leaves the pending bound",
        "clause (c), 5",
        "one of a kind",
        "_restocked_behind",
        bound.restocked_only_now,
    ),
    _core(
        "a restock leaves the open pushes",
        "clause (c), 5",
        "one of a kind",
        "_restocked_behind",
        bound.restocked_without_trace,
    ),
    _core(
        "a restock is unknown to reads",
        "read",
        "cancelled during a read-back",
        "_restocked_behind",
        bound.restocked_unseen_by_reads,
    ),
    _core(
        "raised when acknowledged",
        "set(q) is sent",
        "one of a kind",
        "raised",
        bound.raised_when_acknowledged,
    ),
    _core(
        "raised by the difference", "set(q) is sent, 2", "two units", "raised", bound.raised_to_the_difference
    ),
    _core(
        "the last date beats the latest",
        "read",
        "adjust, applied later",
        "raised",
        bound.raised_with_the_last_date,
    ),
    _core("refused: nothing is on sale", "refused", "two units", "refused", bound.refused_means_empty),
    _core("refused: taken back twice", "refused", "two units", "refused", bound.refused_twice),
    _core(
        "acknowledged is settled",
        "acknowledged, 3",
        "one of a kind",
        "set_acknowledged",
        bound.acknowledged_is_settled,
    ),
    _core(
        "the echo is ignored",
        "acknowledged, 9",
        "echo above",
        "set_acknowledged",
        bound.acknowledged_without_echo,
    ),
    _core("the echo alone", "acknowledged, 9", "echo above", "set_acknowledged", bound.echo_beats_the_raise),
    _core(
        "two answers tell the order",
        "acknowledged, 8",
        "one of a kind",
        "set_acknowledged",
        bound.acknowledged_alone,
    ),
    _core(
        "a late landing is what was raised",
        "acknowledged, 9",
        "echo above",
        "set_acknowledged",
        bound.acknowledged_with_raises_only,
    ),
    _core(
        "restocks since it was sent are ignored",
        "acknowledged, 5",
        "one of a kind",
        "set_acknowledged",
        bound.acknowledged_without_restocks,
    ),
    _core(
        "a set is unknown to reads",
        "acknowledged",
        "lost answer, read back",
        "set_acknowledged",
        bound.acknowledged_unseen_by_reads,
    ),
    _core(
        "acknowledged has landed",
        "acknowledged, 9",
        "lost, applied later",
        "may_land_after",
        bound.lands_only_unanswered,
    ),
    _core("the last instant is over", "unknown", "lost, applied later", "may_land_after", bound.lands_before),
    _core(
        "sent as it was stored",
        "unknown",
        "lost answer, read back",
        "lands_by",
        bound.lands_within_one_horizon,
    ),
    _core(
        "an adjustment has landed",
        "adjust(+d), 9",
        "adjust, applied later",
        "raise_acknowledged",
        bound.plain,
    ),
    _core(
        "clamping lowers",
        "adjust(−d)",
        "adjust, clamps",
        "adjustment_lowered",
        bound.lowered_unless_applied_later,
    ),
    _core(
        "accepted is applied: adjust",
        "adjust(−d), 9",
        "adjust, applied later",
        "adjustment_lowered",
        bound.lowered_anyway,
    ),
    _core(
        "accepted is applied: compare",
        "compare-and-set, 9",
        "compare and set, applied later",
        "compared_and_lowered",
        bound.lowered_anyway,
    ),
    _core(
        "on hand is what is left: adjust",
        "adjust(−d), 9",
        "adjust, on hand",
        "adjustment_lowered",
        bound.lowered_unless_applied_later,
    ),
    _core(
        "on hand is what is left: compare",
        "compare-and-set, 9",
        "compare and set, on hand",
        "compared_and_lowered",
        bound.lowered_unless_applied_later,
    ),
    _core(
        "compared and lowered too far",
        "compare-and-set",
        "compare and set",
        "compared_and_lowered",
        bound.lowered_by_one_more,
    ),
    _core(
        "the number seen is ignored",
        "compare-and-set",
        "compare and set, hand edit",
        "number_seen",
        bound.plain,
    ),
    _core(
        "the number seen: pending stays",
        "compare-and-set",
        "compare and set, hand edit",
        "number_seen",
        bound.seen_only_now,
    ),
    _core(
        "the number seen: reads stay",
        "compare-and-set",
        "compare and set, hand edit",
        "number_seen",
        bound.seen_behind_a_read,
    ),
    _core(
        "a gap in the pull settles", "settle, 3", "pulls with gaps", "settles", bound.settles_if(whole=True)
    ),
    _core(
        "an unapplied line settles",
        "settle, 3",
        "pulls with gaps",
        "settles",
        bound.settles_if(blocked=False),
    ),
    _core(
        "an older pull settles", "settle, 3", "orders seen at once", "settles", bound.settles_if(sequence=9)
    ),
    _core(
        "visible at once", "settle, 3", "slow orders", "settles", bound.settles_without("visibility_lag_s")
    ),
    _core("in force at once", "settle, 9", "applied later", "settles", bound.settles_without("apply_lag_s")),
    _core("settled to what is pending", "settle", "two units", "settled", bound.settled_by_what_is_pending),
    _core("settled without a date", "settle", "listed too late", "settled", bound.settled_without_date),
    _core(
        "settle closes beside an unanswered push",
        "settle, 8",
        "lost answer, late landing",
        "is_closed_by_settle",
        bound.closed_when_acknowledged,
    ),
    _core(
        "settle closes everything",
        "settle, 4",
        "lost answer, late landing",
        "is_closed_by_settle",
        bound.always,
    ),
    _core(
        "a read proves beside a push",
        "unknown resolved",
        "lost answer, read back",
        "read_answered",
        bound.answered_without_pushes,
    ),
    _core("an old answer is believed", "read", "read-back", "read_answered", bound.answered_and_believed),
    _core("an answer is settled", "read, 3", "read-back", "read_answered", bound.answered_is_settled),
    _core(
        "a forced raise is ignored",
        "forced raise",
        "hand edit",
        "read_answered",
        bound.answered_without_drift,
    ),
    _core("an answer is fresh", "read", "old answers", "read_answered", bound.answered_by_the_read_lag_of_0),
    _core(
        "what rose since is ignored",
        "read",
        "compare and set, hand edit",
        "read_answered",
        bound.answered_without_since,
    ),
    _core("vouched for while a push may land", "pool assume", "vouched for", "can_be_assumed", bound.always),
    _core(
        "a vouch leaves a read-back under way",
        "pool assume",
        "vouched for beside a read-back",
        "assumed",
        bound.assumed_without_a_moment,
    ),
    _ours(
        "vouched for by the page alone", "pool assume", "vouched for", "vouched_units", ours.the_page_alone
    ),
    _core("restored: as it was", "restored backup", "restored", "forgotten", bound.plain),
    _core(
        "restored: unknown is 0", "restored backup, 10", "restored", "forgotten", bound.forgotten_to_nothing
    ),
    _core(
        "restored: still pending",
        "restored backup",
        "restored, applied later",
        "forgotten",
        bound.forgotten_but_pending,
    ),
    _ours(
        "restored: nothing was sent since", "restored backup, 4", "restored", "stand_ins", ours.no_stand_ins
    ),
    _core(
        "restored: what was lost shows nothing",
        "restored backup",
        "restored",
        "set_acknowledged",
        bound.acknowledged_beside_a_stand_in,
    ),
    _core(
        "restored: accepted is applied",
        "restored backup, 9",
        "restored, applied later",
        "may_land_after",
        bound.stand_in_lands_by,
    ),
    _core("sent at any time", "unknown", "lost answer, read back", "send_by", bound.sent_as_it_was_stored),
    _core("a read-back knows no bound", "read", "hand edit", "read_begun", bound.begun_without_a_bound),
    _core(
        "in one instant the order is known", "read", "read-back", "_may_follow", bound.instants_are_ordered
    ),
    Careless(
        "unknown is 0",
        "unknown, 10",
        "unknown beside known",
        availability,
        "free_of",
        ours.free_without_the_unknown,
    ),
    Careless(
        "a bundle takes one unit",
        "free, 10",
        "a bundle and its part",
        availability,
        "free_of",
        ours.free_of_plain_parts,
    ),
    Careless(
        "every shop shows the same units",
        "free, 10",
        "one of a kind, two shops",
        availability,
        "free_of",
        ours.free_is_available,
    ),
    Careless(
        "below zero frees units",
        "free, 7",
        "sold below zero",
        availability,
        "counted",
        ours.counted_below_zero,
    ),
    _ours("the same set again", "1", "one of a kind", "may_send_again", ours.again_while_unknown),
    _ours("lowering by set is no raise", "2", "two units", "units_raised_by_set", ours.difference),
    _ours("a time-out did not happen", "4", "one of a kind", "bound_after_time_out", ours.did_not_happen),
    _ours("on hand is sellable", "9", "on-hand numbers", "units_raised_by_set", ours.without_reserved),
    _ours("a floor is not raised", "9", "floor of two", "units_raised_by_set", ours.without_floor),
    *HOLDS,
)
