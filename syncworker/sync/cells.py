"""What does one cell of a table mean? Text, quantities, money and parts, each read in one way only, never guessed.

A cell that could mean two things means nothing: it raises :class:`CellError`, which says what to write instead.
"""

from __future__ import annotations

import re
import unicodedata
from decimal import Decimal
from functools import cache
from urllib.parse import urlsplit

from babel.numbers import get_currency_precision, list_currencies

from syncworker.core.model import MAX_QUANTITY

#: The longest SKU, as the ledger's column has it.
SKU_MAX = 128
#: The longest title or name of a maker.
TEXT_MAX = 500
#: The longest description, and the most pictures of a product; no channel takes more.
DESCRIPTION_MAX = 10_000
IMAGES_MAX = 30
#: The longest address.
URL_MAX = 2_000
#: Signs with which a spreadsheet begins a formula.
FORMULA_SIGNS = ("=", "+", "-", "@")

_DIGITS = re.compile(r"[0-9]+")
_NEGATIVE = re.compile(r"[-−–]\s*[0-9]+([.,][0-9]+)?")
_FRACTION = re.compile(r"[0-9]+[.,][0-9]+")
_MONEY = re.compile(r"[0-9]{1,14}(?:\.([0-9]{1,4}))?")

_COMMA_FOR_SEMICOLON = re.compile(r":\s*[0-9]+\s*,")


class CellError(Exception):
    """The cell cannot be used; the text is what to do about it, in one sentence."""


def cleaned(cell: str) -> str:
    """A cell as it is read: without spaces around it, and with accents composed in the one usual way."""
    return unicodedata.normalize("NFC", cell.strip())


def text(cell: str, *, longest: int = TEXT_MAX) -> str:
    """Words for people. Empty, unprintable or formula-like ones are refused."""
    if not cell:
        raise CellError("write something here, the cell is empty")
    if cell.startswith(FORMULA_SIGNS):
        raise CellError(f"write the text itself; what begins with {cell[0]} is a formula to a spreadsheet")
    if not cell.isprintable():
        raise CellError("remove line breaks, tabs and signs that cannot be seen")
    if len(cell) > longest:
        raise CellError(f"shorten it to {longest} signs; it has {len(cell)}")
    return cell


def optional_text(cell: str) -> str | None:
    """:func:`text`, or ``None`` for an empty cell."""
    return text(cell) if cell else None


def description(cell: str) -> str | None:
    """Words for buyers, over several lines if need be; ``None`` for an empty cell."""
    if not cell:
        return None
    lines = cell.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    text(" ".join(line for line in lines if line), longest=DESCRIPTION_MAX)
    return "\n".join(lines)


def images(cell: str) -> tuple[str, ...]:
    """Addresses of pictures with spaces or | between them; none for an empty cell."""
    found: list[str] = []
    for address in cell.replace("|", " ").split():
        _check_address(address)
        if address in found:
            raise CellError(f"name each picture once; {address} stands there twice")
        found.append(address)
    if len(found) > IMAGES_MAX:
        raise CellError(f"name at most {IMAGES_MAX} pictures; there are {len(found)}")
    return tuple(found)


def _check_address(address: str) -> None:
    """Channels fetch a picture themselves: only what anybody may read, over a safe connection."""
    try:
        parts = urlsplit(address)
        usable = parts.scheme == "https" and bool(parts.hostname) and "@" not in parts.netloc
    except ValueError:
        usable = False
    if not usable or len(address) > URL_MAX or not address.isascii() or not address.isprintable():
        raise CellError(
            f"write each picture's address as https://…, with spaces between them (found {address[:80]!r})"
        )


def sku(cell: str) -> str:
    """An article number of our own."""
    return text(cell, longest=SKU_MAX)


def quantity(cell: str, *, least: int = 0) -> int:
    """A whole number of units, in plain digits. An empty cell is never 0."""
    if not cell:
        raise CellError("write the number of units; an empty cell does not mean 0")
    if _NEGATIVE.fullmatch(cell):
        raise CellError(f"write {least} or more; a count cannot be negative")
    if _FRACTION.fullmatch(cell):
        raise CellError("write a whole number, without points or commas")
    if not _DIGITS.fullmatch(cell):
        raise CellError("write a whole number in the digits 0 to 9, for instance 36")
    digits = cell.lstrip("0") or "0"
    # Compared as text first: a line of a million digits is not worth reading as a number.
    if len(digits) > len(str(MAX_QUANTITY)) or int(digits) > MAX_QUANTITY:
        raise CellError(f"write at most {MAX_QUANTITY}; more is surely a typing mistake")
    if int(digits) < least:
        raise CellError(f"write {least} or more")
    return int(digits)


def currency(cell: str) -> str | None:
    """An ISO 4217 code in capitals, or ``None`` for an empty cell."""
    if not cell:
        return None
    if cell not in _currencies():
        likely = cell.upper() in _currencies()
        raise CellError(
            f"write {cell.upper()}" if likely else "write a currency by its three letters, for instance IDR"
        )
    return cell


def money(cell: str, unit: str | None) -> Decimal | None:
    """An amount in ``unit``, or ``None`` for an empty cell. 85.000 is refused: it is 85 to some and 85000 to others."""
    if not cell:
        return None
    found = _MONEY.fullmatch(cell)
    if found is None:
        raise CellError(
            "write the amount in digits with a point before decimals, for instance 85000 or 12.50"
        )
    if unit is None:
        raise CellError("name its currency in the column currency, for instance IDR")
    decimals = len(found.group(1) or "")
    most = get_currency_precision(unit)
    if decimals > most:
        raise CellError(
            f"write it with at most {most} decimals and nothing between thousands, for instance 85000"
        )
    return Decimal(cell)


def parts(cell: str) -> dict[str, int]:
    """The parts of a bundle as ``A:1;B:2``; none for an empty cell."""
    found: dict[str, int] = {}
    for item in cell.split(";") if cell else []:
        name, colon, units = (piece.strip() for piece in item.rpartition(":"))
        if not colon or not name or _COMMA_FOR_SEMICOLON.search(item):
            raise CellError(
                f"write parts as SKU:units with ; between them, for instance A:1;B:2 (found {item!r})"
            )
        if name in found:
            raise CellError(f"name the part {name} once, with all its units")
        try:
            found[sku(name)] = quantity(units, least=1)
        except CellError as error:
            raise CellError(f"in {item.strip()!r}: {error}") from error
    return found


@cache
def _currencies() -> frozenset[str]:
    return frozenset(list_currencies())
