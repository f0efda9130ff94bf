"""What does a person type? ``syncworker NOUN VERB``: each noun is a file, and heavy imports wait until a command runs."""

from __future__ import annotations


def main() -> None:
    """The installed command ``syncworker``."""
    from syncworker.interfaces.cli.root import cli

    cli.main(prog_name="syncworker")


__all__ = ["main"]
