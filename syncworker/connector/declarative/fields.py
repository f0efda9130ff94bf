"""What is one value of a foreign document? Found by an expression, then taken by its declared type, never guessed.

A required value that is not there is an error that names its path; nothing ever becomes 0 by being absent.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from decimal import Decimal
from email.utils import parsedate_to_datetime
from enum import StrEnum
from typing import Any, Literal, NoReturn, TypeAlias

from pydantic import BaseModel, ConfigDict, Field, model_validator

from syncworker.connector.answers import Json
from syncworker.connector.contract import Money
from syncworker.connector.declarative.expression import Expression, Settings
from syncworker.connector.declarative.functions import ExpressionError
from syncworker.connector.declarative.template import Template
from syncworker.connector.document import TEXT_MAX, Document
from syncworker.core.model import MAX_QUANTITY, Known
from syncworker.errors import MalformedAnswerError

Kind = Literal[
    "text",
    "id",
    "int",
    "integral",
    "signed",
    "decimal",
    "rounded",
    "money",
    "datetime",
    "flag",
    "known",
    "currency",
]
#: One value of a document, typed; ``None`` only where it may be absent.
Read: TypeAlias = Callable[[Json], Any]  # Any: the type that the field declares


class Strict(BaseModel):
    """A table of a manifest: every key is known, or it is a mistake."""

    model_config = ConfigDict(extra="forbid", frozen=True, arbitrary_types_allowed=True)


class Presence(StrEnum):
    """Whether a value has to be there."""

    REQUIRED = "required"
    NULLABLE = "nullable"
    OPTIONAL = "optional"


class FieldSpec(Strict):
    """One value of an answer; a text alone stands for its ``path``."""

    path: Expression = Field(description="JMESPath from the row on")
    type: Kind | None = Field(
        default=None,
        description="How the value is taken: text, id (text or integer), int (JSON integer), integral (also '3' and 3.0), "
        "signed (an int that may be negative), decimal, rounded (a decimal cut to 4 places), money (amount and currency), datetime, flag, known (yes, no, "
        "unknown; also true, false), currency",
    )
    format: str = Field(
        default="iso",
        description="Of a datetime: iso (with its offset), iso_utc (no offset means UTC), unix_s, unix_ms, rfc2822, or a strptime pattern",
    )
    presence: Presence | None = Field(
        default=None,
        description="required: there and not null; nullable: the name is there, its value may be null; optional: may be absent",
    )
    default: Template | None = Field(default=None, description="Instead of null or nothing")
    words: dict[str, str] = Field(default={}, description="The channel's words as ours")
    empty: Literal["null", "keep"] = Field(default="keep", description="null: an empty text counts as null")

    @model_validator(mode="before")
    @classmethod
    def _from_text(cls, value: object) -> object:
        return {"path": value} if isinstance(value, str) else value

    def reader(self, settings: Settings, *, kind: Kind, presence: Presence) -> Read:
        """A function that takes the value out of a row, as this field or else its target says.

        It raises ``MalformedAnswerError`` with the path from the row on.
        """
        kind, presence = self.type or kind, self.presence or presence
        take = _taker(kind, self)
        find, where = _finder(self.path, settings, absent_is_null=presence is Presence.OPTIONAL)
        default = None if self.default is None else self.default.bind(settings)({})
        may_be_null = presence is not Presence.REQUIRED
        given = None if default is None else take(default, where)
        empty_is_null = self.empty == "null"

        def read(row: Json) -> Any:  # Any: as declared
            value = find(row)
            if value is None or (empty_is_null and value == ""):
                if may_be_null or given is not None:
                    return given
                Document(None, where).fail("is missing" if steps is None else "must not be nothing (null)")
            return take(value, where)

        steps = self.path.steps
        return read


def reader(
    spec: FieldSpec | None,
    settings: Settings,
    *,
    kind: Kind,
    presence: Presence = Presence.REQUIRED,
    otherwise: Any = None,  # Any: what stands for a field that is not mapped
) -> Read:
    """The reader of a field; where the manifest maps none, always ``otherwise``."""
    if spec is None:
        return lambda _row: otherwise
    return spec.reader(settings, kind=kind, presence=presence)


def finder(spec: Expression, settings: Settings) -> Callable[[Json], Json]:
    """Where an expression leads; what it cannot work out is ``MalformedAnswerError``."""
    return _finder(spec, settings, absent_is_null=True)[0]


def condition(spec: Expression, settings: Settings) -> Callable[[Json], bool]:
    """Whether an expression holds: only a plain ``true`` does."""
    find = finder(spec, settings)
    return lambda row: find(row) is True


def _finder(
    path: Expression, settings: Settings, *, absent_is_null: bool
) -> tuple[Callable[[Json], Json], str]:
    steps = path.steps
    if steps is None:
        return _guarded(path, settings), path.text
    where = ".".join(steps)
    if absent_is_null:
        return _leniently(steps), where
    return (_one_step(steps[0]) if len(steps) == 1 else _strictly(steps)), where


def _guarded(path: Expression, settings: Settings) -> Callable[[Json], Json]:
    search, where = path.bind(settings), path.text

    def find(row: Json) -> Json:
        try:
            return search(row)
        except ExpressionError as error:
            problem = str(error)
        except (TypeError, ArithmeticError) as error:
            problem = f"cannot be worked out ({type(error).__name__})"
        raise MalformedAnswerError(f"{where} {problem}", path=where)

    return find


def _one_step(step: str) -> Callable[[Json], Json]:
    def find(row: Json) -> Json:
        if not isinstance(row, dict) or step not in row:
            # Says what is wrong about it.
            Document(row)[step]
        return row[step]  # type: ignore[index, call-overload]  # the line above raises otherwise

    return find


def _strictly(steps: tuple[str, ...]) -> Callable[[Json], Json]:
    def find(row: Json) -> Json:
        value = row
        for position, step in enumerate(steps):
            if not isinstance(value, dict) or step not in value:
                Document(value, ".".join(steps[:position]))[step]
            value = value[step]  # type: ignore[index, call-overload]  # the line above raises otherwise
        return value

    return find


def _leniently(steps: tuple[str, ...]) -> Callable[[Json], Json]:
    def find(row: Json) -> Json:
        value = row
        for position, step in enumerate(steps):
            if value is None:
                return None
            if not isinstance(value, dict):
                Document(value, ".".join(steps[:position])).get(step)
                return None
            value = value.get(step)
        return value

    return find


# ---------------------------------------------------------------- one function a type


_Take: TypeAlias = Callable[[Json, str], Any]  # Any: the type it takes


def _text(value: Json, where: str) -> str:
    if type(value) is str and 0 < len(value) <= TEXT_MAX and value.isprintable() and not value.isspace():
        return value
    return Document(value, where).text()


def _id(value: Json, where: str) -> str:
    """An id is a text or a whole number; both come out as text."""
    if type(value) is int:
        return str(value)
    return _text(value, where)


def _int(value: Json, where: str) -> int:
    if type(value) is int and 0 <= value <= MAX_QUANTITY:
        return value
    return Document(value, where).whole()


def _signed(value: Json, where: str) -> int:
    return Document(value, where).whole(least=-MAX_QUANTITY)


def _integral(value: Json, where: str) -> int:
    """A count that the channel writes as text or with a fraction of nothing."""
    if isinstance(value, str) and value.strip().isascii() and value.strip().lstrip("-").isdigit():
        value = int(value) if len(value) < 20 else value
    if isinstance(value, Decimal) and value == value.to_integral_value():
        value = int(value)
    return Document(value, where).whole(least=-MAX_QUANTITY)


def _decimal(value: Json, where: str) -> Decimal:
    return Document(value, where).decimal()


def _rounded(value: Json, where: str) -> Decimal:
    """An amount of which nobody counts the places: an average, for instance."""
    try:
        number = (
            Decimal(value) if isinstance(value, str | Decimal | int) and not isinstance(value, bool) else None
        )
    except ArithmeticError:
        number = None
    if number is None or not number.is_finite() or abs(number) >= 10**14:
        Document(value, where).fail("must be an amount")
    return number.quantize(Decimal("0.0001")).normalize() + 0


def _money(value: Json, where: str) -> Money:
    return Document(value, where).money()


def _flag(value: Json, where: str) -> bool:
    return Document(value, where).flag()


def _currency(value: Json, where: str) -> str:
    return Document(value, where).currency()


def _known(value: Json, where: str) -> Known:
    if isinstance(value, bool):
        return Known.YES if value else Known.NO
    known = _KNOWN.get(value) if isinstance(value, str) else None
    if known is not None:
        return known
    return Document(value, where).choice(Known)


_KNOWN = {member.value: member for member in Known}
_TAKERS: dict[str, _Take] = {
    "text": _text,
    "id": _id,
    "int": _int,
    "signed": _signed,
    "integral": _integral,
    "decimal": _decimal,
    "rounded": _rounded,
    "money": _money,
    "flag": _flag,
    "known": _known,
    "currency": _currency,
}


def _taker(kind: Kind, spec: FieldSpec) -> _Take:
    take = moment_taker(spec.format) if kind == "datetime" else _TAKERS[kind]
    if not spec.words:
        return take
    words: Mapping[str, str] = spec.words

    def translated(value: Json, where: str) -> Any:  # Any: as ``take``
        word = _as_word(value)
        return take(words.get(word, value) if word is not None else value, where)

    return translated


def _as_word(value: Json) -> str | None:
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value) if isinstance(value, str | int) else None


def _fail(value: Json, where: str, problem: str) -> NoReturn:
    Document(value, where).fail(problem)


def moment_taker(form: str) -> Callable[[Json, str], datetime]:
    """A function that reads a date and time written in ``form``."""
    if form == "iso":
        return lambda value, where: Document(value, where).moment()
    if form in {"unix_s", "unix_ms"}:
        return lambda value, where: _unix(value, where, 1 if form == "unix_s" else 1000)
    parse = _PARSERS.get(form) or (lambda text: datetime.strptime(text, form))  # noqa: DTZ007  # aware below

    def take(value: Json, where: str) -> datetime:
        text = Document(value, where).text()
        try:
            moment = parse(text)
            return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
        except (ValueError, TypeError, OverflowError):
            pass
        return _fail(value, where, f"must be a date and time written as {form}")

    return take


_PARSERS: dict[str, Callable[[str], datetime]] = {
    "iso_utc": datetime.fromisoformat,
    "rfc2822": parsedate_to_datetime,
}


def _unix(value: Json, where: str, per_second: int) -> datetime:
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) < 20:
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int | Decimal):
        Document(value, where).fail("must be a Unix time")
    try:
        return datetime.fromtimestamp(float(Decimal(value) / per_second), UTC)
    except (ValueError, OverflowError, OSError):
        pass
    return _fail(value, where, "must be a Unix time")


def under(prefix: str, error: MalformedAnswerError) -> MalformedAnswerError:
    """The same mistake with the path that leads to its row in front."""
    glue = "." if error.path and not error.path.startswith("[") else "" if error.path else " "
    text = str(error) if error.path else str(error).removeprefix("the answer ")
    return MalformedAnswerError(f"{prefix}{glue}{text}", path=f"{prefix}{glue}{error.path}".rstrip())
