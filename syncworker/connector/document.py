"""How is a foreign JSON document read without guessing? One value at a time, each with the path that leads to it.

Never converts: a quantity is a JSON integer, not "3", 3.0, true or null. Everything else is ``MalformedAnswerError``.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal
from enum import StrEnum
from typing import NoReturn, TypeVar

from syncworker.connector.answers import Json
from syncworker.connector.contract import Money
from syncworker.core.model import MAX_QUANTITY
from syncworker.errors import MalformedAnswerError

_Choice = TypeVar("_Choice", bound=StrEnum)

#: The longest id or word a channel is believed to use.
TEXT_MAX = 500
#: What neither a database nor a terminal can take: control characters and halves of surrogate pairs.
_UNUSABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")
_CURRENCY = re.compile("[A-Z]{3}")
_AMOUNT = re.compile("-?[0-9]{1,40}([.][0-9]{1,40})?")
_AMOUNT_MAX, _SMALLEST = Decimal(10) ** 14, Decimal("0.0001")


class Document:
    """One value inside an answer. ``doc["lines"]`` goes deeper, ``doc.whole()`` and its like take the value."""

    __slots__ = ("_value", "path")

    def __init__(self, value: Json, path: str = "") -> None:
        self._value, self.path = value, path

    def __getitem__(self, name: str) -> Document:
        """A field that has to be there."""
        fields = self._fields()
        if name not in fields:
            self._deeper(name).fail("is missing")
        return Document(fields[name], self._deeper(name).path)

    def get(self, name: str) -> Document | None:
        """A field that may be left out or null."""
        value = self._fields().get(name)
        return None if value is None else Document(value, self._deeper(name).path)

    def items(self) -> Iterator[Document]:
        """The elements of a list, in their order."""
        if not isinstance(self._value, list):
            self.fail("must be a list")
        return (Document(value, f"{self.path}[{n}]") for n, value in enumerate(self._value))

    def names(self) -> tuple[str, ...]:
        """The names of an object's fields."""
        return tuple(self._fields())

    def is_null(self) -> bool:
        return self._value is None

    def whole(self, *, least: int = 0, most: int = MAX_QUANTITY) -> int:
        """An integer within the bounds."""
        value = self._value
        if isinstance(value, bool) or not isinstance(value, int):
            self.fail(f"must be a whole number, not {_kind(value)}")
        if not least <= value <= most:
            self.fail(f"must lie between {least} and {most}")
        return value

    def text(self) -> str:
        """A string with something in it, that a database can hold."""
        value = self._value
        if not isinstance(value, str) or not value.strip():
            self.fail(f"must be a text with something in it, not {_kind(value)}")
        if len(value) > TEXT_MAX or _UNUSABLE.search(value):
            self.fail(f"must have at most {TEXT_MAX} characters, all of them printable")
        return value

    def flag(self) -> bool:
        if not isinstance(self._value, bool):
            self.fail(f"must be true or false, not {_kind(self._value)}")
        return self._value

    def choice(self, kind: type[_Choice]) -> _Choice:
        """One of the words of ``kind``."""
        word = self.text()
        if word not in {member.value for member in kind}:
            self.fail(f"must be one of {', '.join(member.value for member in kind)}")
        return kind(word)

    def moment(self) -> datetime:
        """An ISO 8601 date and time with its offset, as aware UTC."""
        moment = _instant(self.text())
        if moment is None:
            self.fail("must be an ISO 8601 date and time with its offset")
        return moment

    def money(self) -> Money:
        """An object of ``amount`` (a text, never a float) and ``currency`` (ISO 4217)."""
        return Money(self["amount"].decimal(), self["currency"].currency())

    def decimal(self) -> Decimal:
        """An exact number of at most 14 digits before the point and 4 behind, written as text or JSON number."""
        value = self._value
        if isinstance(value, bool) or not isinstance(value, int | str | Decimal):
            self.fail(f"must be an exact number, not {_kind(value)}")
        if isinstance(value, str) and not _AMOUNT.fullmatch(value):
            self.fail("must be a number such as 85000 or 12.50")
        amount = Decimal(value)
        if abs(amount) >= _AMOUNT_MAX or amount != amount.quantize(_SMALLEST):
            self.fail("must have at most 14 digits before the point and 4 behind")
        return amount

    def currency(self) -> str:
        """An ISO 4217 code."""
        code = self.text()
        if not _CURRENCY.fullmatch(code):
            self.fail("must be a currency of three capital letters, such as IDR")
        return code

    def shown(self) -> str:
        """The value in short, for people; never for a decision."""
        return _UNUSABLE.sub("?", str(self._value)[:200])

    def fail(self, problem: str) -> NoReturn:
        """Refuse the whole answer because of this value."""
        where = self.path or "the answer"
        raise MalformedAnswerError(f"{where} {problem}", path=self.path)

    def _fields(self) -> dict[str, Json]:
        if not isinstance(self._value, dict):
            self.fail(f"must be an object, not {_kind(self._value)}")
        return self._value

    def _deeper(self, name: str) -> Document:
        return Document(None, f"{self.path}.{name}" if self.path else name)


def _instant(text: str) -> datetime | None:
    try:
        moment = datetime.fromisoformat(text)
        return None if moment.tzinfo is None else moment.astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def _kind(value: Json) -> str:
    """What a wrong value is, without quoting more than a number of it: it may be somebody's name."""
    if value is None:
        return "nothing (null)"
    if isinstance(value, bool):
        return "true or false"
    if isinstance(value, int | Decimal):
        return f"the number {value}" if len(str(value)) <= 20 else "a huge number"
    return {str: "a text", list: "a list"}.get(type(value), "an object")
