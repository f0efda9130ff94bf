"""What has a channel refused for good? ``parked list|retry``: numbers and contents that wait for a person."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING

import click

from syncworker.errors import InputError
from syncworker.interfaces.cli import paging
from syncworker.interfaces.cli.command import OK, Group
from syncworker.interfaces.cli.desk import Desk, pass_desk
from syncworker.interfaces.language import N_, _, ngettext

if TYPE_CHECKING:
    from syncworker.ledger.shelves import ParkedNumber, RefusedContents

#: Sorts of what is parked, as the key of a page names them.
_NUMBER, _CONTENTS = "number:", "contents:"


@click.group(
    cls=Group, help=N_("What a channel refused for good: it waits until a person mends it and says so.")
)
def parked() -> None:
    """The noun."""


@parked.command(
    "list",
    example="parked list --channel tiktok",
    help=N_(
        "Numbers that a channel refused, then listings whose contents it refused, each in the channel's own words.\n\n"
        "Mend it there (or in the catalogue), then `syncworker parked retry`."
    ),
)
@click.option("--channel", metavar="NAME", help=N_("Of this channel only."))
@paging.most
@paging.after
@pass_desk
def list_(desk: Desk, channel: str | None, most: int, after: str | None) -> int:
    """Both sorts, numbers first."""
    from syncworker.ledger import channels, shelves

    number_after, contents_after, skips_numbers = _keys(after)
    with desk.app() as app, app.ledger.snapshot() as tx:
        if channel is not None:
            channels.load(tx, channel)
        numbers = (
            [] if skips_numbers else shelves.parked(tx, channel=channel, after=number_after, most=most + 1)
        )
        room = most + 1 - len(numbers)
        contents = (
            shelves.refused_contents(tx, channel=channel, after=contents_after, most=room) if room else []
        )
    rest = _next(numbers, contents, most)
    numbers, contents = numbers[:most], contents[: most - len(numbers[:most])]
    document = {
        "numbers": [asdict(one) for one in numbers],
        "contents": [asdict(one) for one in contents],
        "next": rest,
    }
    desk.answer(document, lambda: _show(desk, numbers, contents, rest))
    return OK


def _keys(after: str | None) -> tuple[str | None, int | None, bool]:
    """Behind which number, behind which contents, and whether the numbers are through."""
    if after is None:
        return None, None, False
    if after.startswith(_NUMBER):
        return after.removeprefix(_NUMBER), None, False
    digits = after.removeprefix(_CONTENTS)
    if digits == after or not (digits.isascii() and digits.isdigit() and len(digits) < 19):
        raise InputError(_("--after {key} is not a `next` of this list.").format(key=repr(after)))
    return None, int(digits), True


def _next(numbers: Sequence[ParkedNumber], contents: Sequence[RefusedContents], most: int) -> str | None:
    if len(numbers) + len(contents) <= most:
        return None
    if len(numbers) >= most:
        return _NUMBER + numbers[most - 1].pool_id
    return f"{_CONTENTS}{contents[most - len(numbers) - 1].id}"


def _show(
    desk: Desk, numbers: Sequence[ParkedNumber], contents: Sequence[RefusedContents], rest: str | None
) -> None:
    from syncworker.interfaces.cli.paper import table
    from syncworker.interfaces.figures import moment, number_or_unknown

    if not numbers and not contents:
        desk.say(_("Nothing is parked."))
        return
    if numbers:
        rows = [
            [f"{one.channel}/{one.sku}", number_or_unknown(one.shown), moment(one.since), one.message]
            for one in numbers
        ]
        table(desk, [_("Number"), _("Shows"), _("Since"), _("In the channel's words")], rows, right=(1,))
    if contents:
        rows = [[f"{one.channel}/{one.sku or '–'}", one.external_id, one.message] for one in contents]
        table(desk, [_("Contents of"), _("Listing"), _("In the channel's words")], rows)
    paging.tell_more(desk, rest)
    desk.say(_("Mended? `syncworker parked retry CHANNEL/SKU` sends it again."))


@parked.command(
    "retry",
    example="parked retry tiktok/BIN-BAMBU",
    help=N_(
        "Try again what was refused, once it is mended: these, or all of a channel, or everything with --all.\n\n"
        "Nothing is sent that the rule does not admit; what the channel refuses again is parked again."
    ),
)
@click.argument("names", metavar="[CHANNEL/SKU]...", nargs=-1)
@click.option("--channel", metavar="NAME", help=N_("All of this channel."))
@click.option("--all", "everything", is_flag=True, help=N_("Everything that is parked."))
@pass_desk
def retry(desk: Desk, names: tuple[str, ...], channel: str | None, everything: bool) -> int:
    """Once more."""
    from syncworker.ledger import channels
    from syncworker.sync.parking import retry_named, retry_parked

    if sum((bool(names), channel is not None, everything)) != 1:
        raise InputError(_("Say what: CHANNEL/SKU, --channel NAME, or --all. See `syncworker parked list`."))
    with desk.app() as app:
        if channel is not None:
            with app.ledger.snapshot() as tx:
                channels.load(tx, channel)
        if names:
            done = app.ledger.run(lambda tx: retry_named(tx, names))
        else:
            done = app.ledger.run(lambda tx: retry_parked(tx, channel=channel))
    count = done.numbers + done.contents
    text = ngettext("{n} refusal is tried again.", "{n} refusals are tried again.", count).format(n=count)
    if count:
        text += " " + _("`syncworker up` sends it, or `syncworker resync` now.")
    desk.answer(asdict(done), lambda: desk.say(text if count else _("Nothing is parked.")))
    return OK
