"""How does a shell learn our words? ``completion bash|zsh|fish`` prints what it has to read."""

from __future__ import annotations

import click

from syncworker.interfaces.cli.command import OK, Command
from syncworker.interfaces.cli.desk import Desk, pass_desk
from syncworker.interfaces.language import N_

#: By this variable a shell asks the program itself.
VARIABLE = "_SYNCWORKER_COMPLETE"
SHELLS = ("bash", "zsh", "fish")


@click.command(
    cls=Command,
    example="completion bash > ~/.local/share/bash-completion/completions/syncworker",
    help=N_(
        "Teach your shell our commands, your SKUs and your channels: Tab completes them.\n\n"
        "bash: put the output into ~/.local/share/bash-completion/completions/syncworker. zsh: into a file _syncworker in a"
        " folder of $fpath. fish: into ~/.config/fish/completions/syncworker.fish. Then open a new window."
    ),
)
@click.argument("shell", type=click.Choice(SHELLS))
@pass_desk
def completion(desk: Desk, shell: str) -> int:
    """A script for the shell."""
    from click.shell_completion import get_completion_class

    from syncworker.interfaces.cli.root import cli

    found = get_completion_class(shell)
    if found is None:  # pragma: no cover - click knows these three
        raise LookupError(shell)
    script = found(cli, {}, "syncworker", VARIABLE).source()
    desk.answer({"shell": shell, "script": script}, lambda: desk.say(script))
    return OK
