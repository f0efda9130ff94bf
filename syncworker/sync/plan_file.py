"""What is a plan on paper? What would be sent, why, and what it was decided from; written once, read back exactly.

Sends nothing and decides nothing. A file that was changed by hand, that is of another installation's or of a newer version's
making, is refused with a sentence.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from pydantic import ConfigDict, TypeAdapter, ValidationError

from syncworker.core.decision import Part, PlannedPush, PoolView
from syncworker.errors import InputError

KIND = "syncworker-plan"
VERSION = 1
#: A plan for a million listings is larger than this nowhere; more is no plan of ours.
MAX_BYTES = 512 * 1024 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedItem:
    """One quantity of the plan, why it is sent, and what it was decided from."""

    channel: str
    sku: str
    pool_id: str
    push: PlannedPush
    #: What the pool should show in the long run.
    target: int
    reason: str
    #: What was known of the pool, and of the parts that one sale takes.
    view: PoolView
    parts: Mapping[str, Part]


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanFile:
    """A whole plan."""

    id: str
    #: Token of the installation; ``None`` where it was made before the first start.
    installation: str | None
    made_at: datetime
    made_by: str
    channels: tuple[str, ...]
    #: Only these SKUs; ``None``: whatever the channels sell.
    skus: tuple[str, ...] | None
    items: tuple[PlannedItem, ...]
    #: How many numbers stay as they are, by reason.
    left_alone: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Paper:
    """The document: the plan in an envelope that says what it is, and a digest of the plan."""

    __pydantic_config__ = ConfigDict(extra="forbid")

    kind: Literal["syncworker-plan"]
    version: int
    digest: str
    plan: PlanFile


_PAPER = TypeAdapter(_Paper)
_PLAN = TypeAdapter(PlanFile)


def written(plan: PlanFile) -> str:
    """The plan as a JSON document."""
    body = _PLAN.dump_python(plan, mode="json")
    return json.dumps(
        {"kind": KIND, "version": VERSION, "digest": _digest(body), "plan": body},
        ensure_ascii=False,
        indent=1,
        allow_nan=False,
    )


def read(data: bytes, *, name: str) -> PlanFile:
    """The plan in these bytes; InputError naming the file and what is wrong with it."""
    if len(data) > MAX_BYTES:
        raise InputError(f"{name} is too large to be a plan.")
    document = _document(data, name)
    version = document.get("version")
    if isinstance(version, int) and version > VERSION:
        raise InputError(
            f"{name} was written by a newer version of syncworker (plan format {version}, this one knows {VERSION})."
            " Apply it there, or make it again here."
        )
    try:
        paper = _PAPER.validate_python(document, strict=False)
    except ValidationError as error:
        where = ".".join(str(step) for step in error.errors()[0]["loc"])
        raise InputError(
            f"{name} is damaged: {where}: {error.errors()[0]['msg']}. Make the plan again."
        ) from None
    if paper.digest != _digest(document["plan"]):
        raise InputError(
            f"{name} was changed after it was made. A plan is applied as it is or not at all: make it again."
        )
    return paper.plan


def _document(data: bytes, name: str) -> Mapping[str, object]:
    try:
        document = json.loads(data.decode("utf-8"))
    except (UnicodeDecodeError, ValueError, RecursionError):
        document = None
    if not isinstance(document, dict) or document.get("kind") != KIND:
        raise InputError(
            f"{name} is not a plan. Make one with `syncworker resync --dry-run --plan {name or 'FILE'}`."
        )
    return document


def _digest(body: object) -> str:
    text = json.dumps(body, ensure_ascii=True, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()
