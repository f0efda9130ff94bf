"""May the same unit be shown at several channels? ``policy show|set|clear``: per SKU, per channel, or as the default."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING

import click

from syncworker.errors import InputError
from syncworker.interfaces.cli import paging
from syncworker.interfaces.cli.command import OK, Group
from syncworker.interfaces.cli.desk import Desk, pass_desk
from syncworker.interfaces.cli.values import Units
from syncworker.interfaces.language import N_, _, ngettext

if TYPE_CHECKING:
    from syncworker.core.model import PolicyChoice
    from syncworker.ledger.channels import ChannelRecord
    from syncworker.ledger.ledger import Snapshot
    from syncworker.settings import Settings
    from syncworker.sync.policies import Effective, Risk

_sku = click.option("--sku", metavar="SKU", help=N_("Of this SKU, at every channel."))
_channel = click.option("--channel", metavar="NAME", help=N_("Of this channel."))
_default = click.option("--default", "everywhere", is_flag=True, help=N_("Where nothing else is said."))


@click.group(
    cls=Group,
    help=N_(
        "May the same unit be shown at several channels? escrow (the default) never sells a unit twice; shared shows all"
        " stock everywhere, as other tools do, and risks it."
    ),
)
def policy() -> None:
    """The noun."""


@policy.command(
    "show",
    example="policy show BIN-BAMBU",
    help=N_(
        "The default, each channel's policy, and SKUs with one of their own; or what holds for one SKU, and why. The"
        " stronger one wins: SKU, channel, default."
    ),
)
@click.argument("sku", required=False)
@paging.most
@paging.after
@pass_desk
def show(desk: Desk, sku: str | None, most: int, after: str | None) -> int:
    """What was picked, or what holds."""
    from syncworker.interfaces.cli.nearest import check_sku
    from syncworker.ledger import channels, limits
    from syncworker.sync.policies import effective

    with desk.app() as app, app.ledger.snapshot() as tx:
        if sku is not None:
            check_sku(tx, sku)
            found = effective(tx, sku)
            desk.answer(_effective_document(sku, found), lambda: _show_effective(desk, sku, found))
            return OK
        known = [one for one in channels.all_channels(tx) if one.rules.takes_orders]
        own = limits.own_policies(tx, after=after or "", most=most + 1)
    names = list(own)
    rest = None if len(names) <= most else names[most - 1]
    own = {name: own[name] for name in names[:most]}
    document = {
        "default": _choice(app.settings.policy.value, app.settings.escrow_below),
        "channels": [_channel_document(app.settings, one) for one in known],
        "skus": [
            {"sku": name, **_choice(each.policy.value, each.escrow_below)} for name, each in own.items()
        ],
        "next": rest,
    }
    desk.answer(document, lambda: _show_all(desk, app.settings, known, own, rest))
    return OK


def _choice(name: str, below: int | None) -> dict[str, object]:
    return {"policy": name, "escrow_below": below}


def _channel_document(settings: Settings, one: ChannelRecord) -> dict[str, object]:
    return {
        "channel": one.name,
        **_choice(one.policy.value, one.escrow_below),
        "is_default": not _is_own(settings, one.name),
    }


def _is_own(settings: Settings, name: str) -> bool:
    configured = settings.channels.get(name)
    return configured is not None and configured.own_policy


def _effective_document(sku: str, found: Sequence[Effective]) -> dict[str, object]:
    rows = [
        {
            "channel": one.channel,
            **_choice(one.choice.policy.value, one.choice.escrow_below),
            "from": "sku" if one.from_sku else "channel",
            "sellable": one.sellable,
            "in_force": one.in_force,
        }
        for one in found
    ]
    return {"sku": sku, "channels": rows}


def _show_all(
    desk: Desk,
    settings: Settings,
    known: Sequence[ChannelRecord],
    own: Mapping[str, PolicyChoice],
    rest: str | None,
) -> None:
    from syncworker.interfaces.cli.paper import table
    from syncworker.interfaces.cli.words import policy_choice

    rows = [[_("default"), policy_choice(settings.policy.value, settings.escrow_below), ""]]
    for one in known:
        remark = "" if _is_own(settings, one.name) else _("the default")
        rows.append([one.name, policy_choice(one.policy.value, one.escrow_below), remark])
    rows += [
        [sku, policy_choice(each.policy.value, each.escrow_below), _("at every channel")]
        for sku, each in own.items()
    ]
    table(desk, [_("For"), _("Policy"), _("Remark")], rows)
    paging.tell_more(desk, rest)


def _show_effective(desk: Desk, sku: str, found: Sequence[Effective]) -> None:
    from syncworker.interfaces.cli.paper import table
    from syncworker.interfaces.cli.words import policy_choice
    from syncworker.interfaces.figures import number

    if not found:
        desk.say(_("No channel sells {sku} yet.").format(sku=sku))
        return
    rows = [
        [
            one.channel,
            policy_choice(one.choice.policy.value, one.choice.escrow_below),
            _("the SKU's own") if one.from_sku else _("the channel's"),
            number(one.sellable),
            one.in_force.value,
        ]
        for one in found
    ]
    table(desk, [_("Channel"), _("Policy"), _("From"), _("Available"), _("Holds now")], rows, right=(3,))


@policy.command(
    "set",
    example="policy set shared --sku SAPU-GLAGAH --escrow-below 10",
    help=N_(
        "Pick a policy for a SKU, for a channel, or as the default. A channel's and the default stand in your"
        " configuration files; comments there stay.\n\n"
        "shared says first what it risks with your goods, in numbers, and asks. --escrow-below N shares only while N or more"
        " are there: that narrows the risk and does not remove it."
    ),
)
@click.argument("name", type=click.Choice(["escrow", "shared"]), metavar="escrow|shared")
@_sku
@_channel
@_default
@click.option(
    "--escrow-below",
    type=Units(least=1),
    metavar="N",
    help=N_("With shared: below N units escrow holds."),
)
@click.option("--yes", is_flag=True, help=N_("Do not ask."))
@pass_desk
def set_(
    desk: Desk,
    name: str,
    sku: str | None,
    channel: str | None,
    everywhere: bool,
    escrow_below: int | None,
    yes: bool,
) -> int:
    """A policy is picked."""
    from syncworker.core.model import Policy, PolicyChoice
    from syncworker.sync.policies import check_choice, risk_of

    _one_of(sku, channel, everywhere=everywhere)
    choice = PolicyChoice(Policy(name), escrow_below)
    check_choice(choice)
    with desk.app() as app, app.ledger.snapshot() as tx:
        _check(tx, sku, channel)
        risk = risk_of(tx, sku=sku, channel=channel)
    if choice.policy is Policy.SHARED:
        _warn(desk, risk, escrow_below)
        desk.confirm(_("Share all the same?"), yes=yes)
    _store(desk, sku, channel, choice)
    document = {"sku": sku, "channel": channel, **_choice(name, escrow_below), "risk": asdict(risk)}
    desk.answer(document, lambda: _tell(desk, sku, channel, choice))
    return OK


@policy.command(
    "clear",
    example="policy clear --sku SAPU-GLAGAH",
    help=N_(
        "Take a policy away: the SKU follows its channels again, a channel the default, the default escrow."
    ),
)
@_sku
@_channel
@_default
@pass_desk
def clear(desk: Desk, sku: str | None, channel: str | None, everywhere: bool) -> int:
    """No policy of its own any more."""
    _one_of(sku, channel, everywhere=everywhere)
    with desk.app() as app, app.ledger.snapshot() as tx:
        _check(tx, sku, channel)
    _store(desk, sku, channel, None)
    desk.answer({"sku": sku, "channel": channel, "cleared": True}, lambda: _tell(desk, sku, channel, None))
    return OK


def _one_of(sku: str | None, channel: str | None, *, everywhere: bool) -> None:
    if sum((sku is not None, channel is not None, everywhere)) != 1:
        raise InputError(_("Say of what: --sku SKU, --channel NAME, or --default."))


def _check(tx: Snapshot, sku: str | None, channel: str | None) -> None:
    from syncworker.interfaces.cli.nearest import check_sku
    from syncworker.ledger import channels

    if sku is not None:
        check_sku(tx, sku)
    if channel is not None:
        channels.load(tx, channel)


def _store(desk: Desk, sku: str | None, channel: str | None, choice: PolicyChoice | None) -> None:
    """A SKU's in the ledger, the others in their file; the engine then follows what stands there."""
    from syncworker.settings import set_channel_policy, set_default_policy
    from syncworker.sync.policies import set_policy

    if sku is not None:
        with desk.app() as app:
            app.ledger.run(lambda tx: set_policy(tx, sku, choice))
        return
    settings = desk.settings()
    if channel is not None:
        set_channel_policy(settings.channels_file, channel, choice)
    else:
        set_default_policy(settings.main_file, choice)
    with desk.app(changed=True):
        pass


def _warn(desk: Desk, risk: Risk, escrow_below: int | None) -> None:
    """What it risks, in numbers, on standard error: also where nobody is asked."""
    from syncworker.interfaces.figures import number

    desk.note(
        _(
            "shared shows the same units at every channel, and a unit may be sold twice. In our simulation with four channels"
            " that are looked at once a minute: of one piece of a kind 0.25 were sold too many on average, that is once in"
            " four; of 36 pieces with a visitor a minute 0.2; of 200 pieces in a live sale with a visitor a second 29."
            " With escrow: none. With your own orders: `syncworker simulate`."
        )
    )
    if risk.skus:
        text = ngettext(
            "Here {n} SKU is sold at {channels} channels; {scarce} of them with no more units than channels that show it.",
            "Here {n} SKUs are sold at {channels} channels; {scarce} of them with no more units than channels that show them.",
            risk.skus,
        )
        desk.note(text.format(n=number(risk.skus), channels=risk.channels, scarce=number(risk.scarce)))
        desk.note(
            _(
                "What sells within {n} seconds at two of them is sold from the same unit: so long a sale may stay unseen."
            ).format(n=number(round(risk.slowest_s)))
        )
    else:
        desk.note(_("Nothing of it is sold at more than one channel today, so nothing is at stake yet."))
    if escrow_below is not None:
        desk.note(
            _(
                "Below {n} units escrow holds; whoever buys more than {n} in that time still buys too many."
            ).format(n=number(escrow_below))
        )


def _tell(desk: Desk, sku: str | None, channel: str | None, choice: PolicyChoice | None) -> None:
    from syncworker.interfaces.cli.words import policy_choice

    whose = sku or channel or _("default")
    if choice is None:
        desk.say(_("{whose}: no policy of its own any more.").format(whose=whose))
    else:
        said = policy_choice(choice.policy.value, choice.escrow_below)
        desk.say(_("{whose}: {policy}.").format(whose=whose, policy=said))
