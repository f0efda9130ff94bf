"""What may a person type for a shop, a policy, a share? The readings of `simulate`, with a sentence for each mistake."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import click

from syncworker.interfaces.cli.values import Units
from syncworker.interfaces.language import _

if TYPE_CHECKING:
    from syncworker.core.model import PolicyChoice
    from syncworker.forecast.building import ShopWish

_SHARE = re.compile(r"([0-9]{1,3}(?:\.[0-9]{1,4})?) ?%?")
#: How a shop lets its number be changed, as people type it; a counter's is ours.
MODES = {"set": "set", "compare": "compare_and_set", "adjust": "adjust", "counter": None}


class Share(click.ParamType[float]):
    """A share in per cent: ``5%``, or ``5``; given as a share of 1."""

    name = "share"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> float:
        if isinstance(value, float):
            return value
        found = _SHARE.fullmatch(str(value).strip())
        if found is None or float(found.group(1)) > 100:
            self.fail(
                _("{text} is no share. Write it in per cent, from 0% to 100%: 5%.").format(
                    text=repr(str(value))
                ),
                param,
                ctx,
            )
        return float(found.group(1)) / 100


class ShopTyped(click.ParamType["ShopWish"]):
    """A shop: ``pasar:set`` or ``pasar:set:50%``."""

    name = "shop"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> ShopWish:
        from syncworker.core.model import QuantityMode
        from syncworker.forecast.building import ShopWish

        if isinstance(value, ShopWish):
            return value
        name, _colon, rest = str(value).strip().partition(":")
        mode, _colon, share = rest.partition(":")
        if not name.strip() or not name.isprintable() or (mode or "set") not in MODES:
            self.fail(
                _(
                    "{text} is no shop. Write name:how:share, such as pasar:set:50%; how is one of {modes}, and the share"
                    " may be left out."
                ).format(text=repr(str(value)), modes=", ".join(MODES)),
                param,
                ctx,
            )
        known = MODES[mode or "set"]
        return ShopWish(
            name.strip(),
            None if known is None else QuantityMode(known),
            100 * Share().convert(share, param, ctx) if share else None,
        )


class PolicyTyped(click.ParamType["PolicyChoice"]):
    """A policy: ``escrow``, ``shared``, or ``shared:10``, which is escrow below ten units."""

    name = "policy"

    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> PolicyChoice:
        from syncworker.core.model import Policy, PolicyChoice

        if isinstance(value, PolicyChoice):
            return value
        name, _colon, below = str(value).strip().partition(":")
        if name not in ("escrow", "shared") or (below and name == "escrow"):
            self.fail(
                _(
                    "{text} is no policy. Write escrow, shared, or shared:10 for escrow below 10 units."
                ).format(text=repr(str(value))),
                param,
                ctx,
            )
        return PolicyChoice(Policy(name), Units(least=1).convert(below, param, ctx) if below else None)
