"""Can this file be read as TOML? Text into tables, each mistake a sentence with its file and place.

Raises nothing: a mistake is added to the list that it is given.
"""

from __future__ import annotations

import difflib
import tomllib
from collections.abc import Iterable
from pathlib import Path

#: The largest configuration that a person could have written, in bytes.
LARGEST = 1_000_000


def read_table(path: Path, problems: list[str]) -> dict[str, object]:
    """The file's top table; empty if there is no such file, or if it cannot be read (then with a problem)."""
    text = read_text(path, str(path), problems) if path.exists() else None
    if not text:
        return {}
    try:
        table: dict[str, object] = tomllib.loads(text)
    except RecursionError:
        problems.append(f"{path}: is nested too deeply to be a configuration")
    except ValueError as error:
        problems.append(f"{path}: is not valid TOML: {error}")
    else:
        return table
    return {}


def read_text(path: Path, who: str, problems: list[str]) -> str | None:
    """What the file says, or ``None`` with a problem that begins with ``who`` (the file or the key that names it)."""
    try:
        raw = path.read_bytes()
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        problems.append(f"{who}: the file {path} cannot be read ({reason})")
        return None
    if len(raw) > LARGEST:
        problems.append(f"{who}: the file {path} is larger than {LARGEST} bytes")
        return None
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        problems.append(f"{who}: the file {path} is not UTF-8 (byte {error.start}); save it as UTF-8")
        return None


def file_stamp(path: Path) -> tuple[int, int] | None:
    """What changes when the file is written; ``None`` without one. Whoever watches a file compares it with the last."""
    try:
        stat = path.stat()
    except OSError:
        return None
    return stat.st_mtime_ns, stat.st_size


def unknown_key(where: str, key: str, known: Iterable[str]) -> str:
    """The sentence for a key that nobody knows, with what was probably meant."""
    names = sorted(known)
    close = difflib.get_close_matches(key, names, n=1)
    meant = f"did you mean {close[0]!r}? " if close else ""
    return f"{where}: {key!r} is unknown; {meant}there are: {', '.join(names)}"


def shown(value: object) -> str:
    """A value as it may stand in a message: short, and without a password in an address."""
    text = repr(value)
    if "@" in text:
        return "an address with a password"
    return text if len(text) <= 60 else f"{text[:57]}..."
