"""What stands in docs/cli.md? The help of every command, written by ``python -m syncworker.interfaces.cli.reference``."""

from __future__ import annotations

import sys
from collections.abc import Iterator

import click

from syncworker.interfaces.cli.command import common_options
from syncworker.interfaces.cli.root import SHELVES, cli, load

_HEAD = """\
# The command line

`syncworker NOUN VERB`. This page is made from the commands' own help (`python -m syncworker.interfaces.cli.reference`);
a test keeps it true. `syncworker init` begins, `syncworker demo` shows what it is about.

Every command works beside a running `syncworker up`: it writes rows, and the next tick finds them. Only a second `up` on
the same SQLite ledger is refused.

## What every command has

"""
_CODES = """
With `--json` one document stands on standard output, and everything else on standard error. An error is a document too:
`{"error": {"kind": …, "message": …, "problems": […]}}`. Keys are stable; money is text, times are ISO 8601 in UTC, and what
is not known is `null`, never 0.

| exit code | meaning |
| --- | --- |
| 0 | done |
| 1 | failed: a channel, the database, or something unforeseen (its log is named) |
| 2 | what was typed, or a file that was given, cannot be used; nothing was changed |
| 3 | a dry run found something to change |
| 4 | something needs a person, or was not finished in time |
| 5 | some of it was done |
| 6 | somebody else is at it |
| 130 | stopped by Ctrl-C |
"""


def page() -> str:
    """The whole page."""
    lines = [_HEAD, *(_option(one) for one in common_options() if isinstance(one, click.Option)), _CODES]
    for title, names in SHELVES.items():
        lines.append(f"\n## {title}\n")
        for name in names:
            lines += _section(load(name), name)
    return "\n".join(line.rstrip() for line in "\n".join(lines).split("\n")).strip() + "\n"


def _section(command: click.Command, path: str) -> Iterator[str]:
    if isinstance(command, click.Group):
        yield f"### {path}\n\n{command.help}\n"
        for name in command.list_commands(click.Context(command)):
            yield from _section(command.commands[name], f"{path} {name}")
        return
    context = click.Context(command, info_name=f"syncworker {path}", parent=None)
    pieces = " ".join(command.collect_usage_pieces(context))
    level = "###" if " " not in path else "####"
    yield f"{level} {path}\n\n```console\n$ syncworker {path} {pieces}\n```\n\n{command.help}\n"
    shared = {option.name for option in common_options()}
    yield from (
        _option(one) for one in command.params if isinstance(one, click.Option) and one.name not in shared
    )
    yield f"\nFor instance: `syncworker {getattr(command, 'example', path)}`\n"


def _option(option: click.Option) -> str:
    names = ", ".join(f"`{name}`" for name in (*option.opts, *option.secondary_opts))
    value = "" if option.is_flag else f" {option.make_metavar(click.Context(cli))}"
    return f"- {names}{value}: {option.help}"


if __name__ == "__main__":
    sys.stdout.write(page())
