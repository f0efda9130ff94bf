"""How does a newcomer begin? ``init`` writes a configuration with comments, and a sample catalogue; it overwrites nothing."""

from __future__ import annotations

from pathlib import Path

import click

from syncworker.interfaces.cli.command import OK, Command
from syncworker.interfaces.cli.desk import Desk, pass_desk
from syncworker.interfaces.language import N_, _, spoken

#: File → the sample it is copied from; those that are read by people exist in each language.
FILES = {
    "syncworker.toml": "syncworker.{language}.toml",
    "channels.toml": "channels.{language}.toml",
    "catalogue.csv": "catalogue.csv",
}


@click.command(
    cls=Command,
    example="init",
    help=N_(
        "Write a configuration to begin with. A folder `config` with syncworker.toml and channels.toml, full of comments, and a sample catalogue"
        " of bamboo crafts. Files that are there already stay as they are."
    ),
)
@click.argument("folder", required=False, type=click.Path(file_okay=False, path_type=Path))
@pass_desk
def init(desk: Desk, folder: Path | None) -> int:
    """Write what is missing."""
    from importlib.resources import files

    target = folder or desk.folder or Path("config")
    target.mkdir(parents=True, exist_ok=True)
    samples = files("syncworker.interfaces") / "samples"
    written: list[str] = []
    kept: list[str] = []
    for name, sample in FILES.items():
        content = (samples / sample.format(language=spoken())).read_bytes()
        (written if _write_new(target / name, content) else kept).append(name)
    desk.answer(
        {"folder": target.absolute(), "written": written, "kept": kept},
        lambda: _tell(desk, target, written, kept),
    )
    return OK


def _write_new(path: Path, content: bytes) -> bool:
    try:
        with path.open("xb") as file:
            file.write(content)
    except FileExistsError:
        return False
    return True


def _tell(desk: Desk, folder: Path, written: list[str], kept: list[str]) -> None:
    for name in written:
        desk.say(_("Written: {file}").format(file=folder / name))
    for name in kept:
        desk.say(_("Kept as it is: {file}").format(file=folder / name))
    where = "" if folder == Path("config") else f" --config {folder}"
    desk.say(_("Next:"))
    desk.say(f"  syncworker product import {folder / 'catalogue.csv'}{where}")
    desk.say(f"  syncworker channel add counter --connector counter{where}")
    desk.say(f"  syncworker up{where}")
