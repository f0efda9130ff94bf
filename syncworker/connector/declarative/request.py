"""How does a request of a manifest look once it is filled in? Path, query, headers and body, in the channel's encoding."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from urllib.parse import urlencode
from xml.etree import ElementTree as ET  # written only, never read

from pydantic import SecretStr

from syncworker.connector.answers import Json
from syncworker.connector.declarative.account import Account
from syncworker.connector.declarative.fields import finder
from syncworker.connector.declarative.functions import ExpressionError
from syncworker.connector.declarative.parts import PaceSpec, RequestSpec
from syncworker.connector.declarative.template import Facts, Template, fill_path, without_nulls
from syncworker.connector.http import Content
from syncworker.errors import RequestRefusedError

#: Between the parts of a multipart body; the file inside is made of SKUs and numbers.
_BOUNDARY = "syncworker-7d8f3a5e"

QueryValue = str | int | SecretStr | list[str | int] | None


@dataclass(frozen=True, slots=True)
class Filled:
    """One request, ready to leave."""

    method: str
    path: str
    query: Mapping[str, QueryValue]
    headers: Mapping[str, str]
    json: Json
    content: Content | None


class BoundRequest:
    """One ``request`` table, with an account's settings filled in."""

    def __init__(self, spec: RequestSpec, account: Account) -> None:
        values = account.values
        self.method, self.pace = spec.method, spec.pace or PaceSpec()
        self.name = f"{spec.method} {spec.path}"
        self._path = fill_path(spec.path, values)
        self._query = [(name, _valued(one, account)) for name, one in spec.query.items()]
        self._headers = [(name, one.bind(values)) for name, one in spec.headers.items()]
        self._body = None if spec.body is None else spec.body.bind(values)
        self._encode = _ENCODERS[spec.encode]
        self._columns = [(name, finder(one, values)) for name, one in (spec.columns or {}).items()]
        self._spec = spec

    def fill(self, facts: Facts, *, key_name: str | None = None, key: str = "") -> Filled:
        """The request for these facts. Raises ``RequestRefusedError`` (nothing was sent) if it cannot be put together.

        ``key_name`` is the body's field for the idempotency key.
        """
        try:
            body = None if self._body is None else self._body(facts)
            if key_name is not None and isinstance(body, dict):
                body = {**body, key_name: key}
            body = without_nulls(body) if self._spec.drop_nulls else body
            filled_json, content = self._encoded(body, facts)
            headers = ((name, fill(facts)) for name, fill in self._headers)
            return Filled(
                method=self.method,
                path=self._path(facts),
                query={name: fill(facts) for name, fill in self._query},
                headers={name: str(value) for name, value in headers if value is not None},
                json=filled_json,
                content=content,
            )
        except (ExpressionError, TypeError, ArithmeticError) as error:
            problem = str(error)
        raise RequestRefusedError(f"{self.name}: not sent, {problem}", status=0)

    def _encoded(self, body: Json, facts: Facts) -> tuple[Json, Content | None]:
        if self._columns:
            rows = facts.get("items")
            table: list[Json] = [
                [_cell(find(row)) for _, find in self._columns]
                for row in (rows if isinstance(rows, list) else [])
            ]
            heading: list[Json] = [name for name, _ in self._columns]
            return None, self._encode([heading, *table], self._spec)
        if body is None or (self._spec.encode == "json" and not _has_fraction(body)):
            return body, None
        return None, self._encode(body, self._spec)


def _valued(template: Template, account: Account) -> Callable[[Facts], QueryValue]:
    fill = template.bind(account.values)
    is_secret = isinstance(template.value, str) and account.is_secret(template.value)

    def value(facts: Facts) -> QueryValue:
        found = fill(facts)
        if isinstance(found, list):
            return [_cell(one) for one in found]
        if found is None or (isinstance(found, int) and not isinstance(found, bool)):
            return found
        return SecretStr(_cell(found)) if is_secret else _cell(found)

    return value


def _cell(value: Json) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Decimal):
        return format(value, "f")
    if isinstance(value, dict | list):
        raise ExpressionError("a list or object stands where one value belongs")
    return "" if value is None else str(value)


def _has_fraction(value: Json) -> bool:
    if isinstance(value, dict):
        return any(_has_fraction(one) for one in value.values())
    return any(_has_fraction(one) for one in value) if isinstance(value, list) else isinstance(value, Decimal)


def exact_json(value: Json) -> str:
    """JSON with every digit of its numbers: none goes through a float."""
    if isinstance(value, dict):
        return "{" + ",".join(f"{json.dumps(name)}:{exact_json(one)}" for name, one in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ",".join(exact_json(one) for one in value) + "]"
    return format(value, "f") if isinstance(value, Decimal) else json.dumps(value)


def _json(body: Json, _spec: RequestSpec) -> Content:
    return Content(exact_json(body).encode(), "application/json")


def _form(body: Json, _spec: RequestSpec) -> Content:
    if not isinstance(body, dict):
        raise ExpressionError("a form needs a table")
    pairs = [
        (name, [_cell(one) for one in value] if isinstance(value, list) else _cell(value))
        for name, value in body.items()
    ]
    return Content(urlencode(pairs, doseq=True).encode(), "application/x-www-form-urlencoded")


def _csv(rows: Json, spec: RequestSpec) -> Content:
    out = io.StringIO()
    writer = csv.writer(out, delimiter=spec.delimiter, lineterminator="\r\n")
    for row in rows if isinstance(rows, list) else []:
        writer.writerow(row if isinstance(row, list) else [])
    return Content(out.getvalue().encode(), "text/csv; charset=utf-8")


def _multipart(rows: Json, spec: RequestSpec) -> Content:
    table = _csv(rows, spec)
    head = (
        f'--{_BOUNDARY}\r\nContent-Disposition: form-data; name="{spec.field}"; filename="{spec.filename}"\r\n'
        f"Content-Type: {table.media_type}\r\n\r\n"
    )
    body = head.encode() + table.body + f"\r\n--{_BOUNDARY}--\r\n".encode()
    return Content(body, f"multipart/form-data; boundary={_BOUNDARY}")


def _xml(body: Json, spec: RequestSpec) -> Content:
    root = ET.Element(spec.root)
    _append(root, body)
    return Content(ET.tostring(root, encoding="utf-8", xml_declaration=True), "application/xml")


def _append(parent: ET.Element, value: Json) -> None:
    if not isinstance(value, dict):
        parent.text = _cell(value)
        return
    for name, inner in value.items():
        for one in inner if isinstance(inner, list) else [inner]:
            _append(ET.SubElement(parent, name), one)


_ENCODERS: dict[str, Callable[[Json, RequestSpec], Content]] = {
    "json": _json,
    "form": _form,
    "csv": _csv,
    "multipart_csv": _multipart,
    "xml": _xml,
}
