"""How is it told what happens? One line an event, readable for a person or a machine, never with a secret in it.

Decides nothing and knows no room: every process calls :func:`configure_logging` once.
"""

from __future__ import annotations

import logging
import re
import sys
from collections.abc import Iterable, Mapping, MutableMapping
from typing import Literal, TextIO

import structlog
from structlog.typing import Processor, WrappedLogger

REDACTED = "[redacted]"
#: Keys whose value is never shown, whatever it is.
SECRET_KEY = re.compile(
    r"token|secret|passw|authori[sz]ation|api_?key|credential|cookie|signature", re.IGNORECASE
)
#: Shorter values are words of everyday text; hiding them would hide everything.
SHORTEST_SECRET = 4
#: Libraries that have something to say only when something is wrong.
QUIET = ("alembic", "amqp", "celery", "kombu", "redis", "sqlalchemy", "urllib3")

_hidden: set[str] = set()


class _Handler(logging.StreamHandler[TextIO]):
    """Ours, so that a second set-up replaces the first and leaves other people's handlers alone."""


def configure_logging(
    *,
    level: str = "info",
    style: Literal["console", "json"] = "console",
    secrets: Iterable[str] = (),
    stream: TextIO | None = None,
) -> None:
    """Send our own events at ``level`` and above, and other libraries' warnings, to ``stream`` (stderr).

    ``secrets`` are values to be cut out wherever they show up. Harmless to repeat: the last call wins.
    """
    hide(secrets)
    target = sys.stderr if stream is None else stream
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *_shared(),
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=False,
    )
    handler = _Handler(target)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=_shared(),
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                redact,
                _renderer(style, target),
            ],
        )
    )
    root = logging.getLogger()
    root.handlers = [*(one for one in root.handlers if not isinstance(one, _Handler)), handler]
    logging.getLogger("syncworker").setLevel(level.upper())
    for name in QUIET:
        logging.getLogger(name).setLevel(logging.WARNING)


def hide(values: Iterable[str]) -> None:
    """Never show these values again in this process."""
    _hidden.update(value for value in values if len(value) >= SHORTEST_SECRET)


def redact(
    logger: WrappedLogger,  # noqa: ARG001 - a processor's signature
    method: str,  # noqa: ARG001
    event: MutableMapping[str, object],
) -> MutableMapping[str, object]:
    """Cut out secrets, by the name of their key and by their value, at any depth."""
    for key, value in event.items():
        event[key] = _clean(key, value)
    return event


def _clean(key: str, value: object) -> object:
    if value is None or isinstance(value, bool | int | float):
        return value
    if SECRET_KEY.search(key):
        return REDACTED
    if isinstance(value, Mapping):
        return {name: _clean(str(name), inner) for name, inner in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [_clean(key, inner) for inner in value]
    return without_secrets(value if isinstance(value, str) else str(value))


def without_secrets(text: str) -> str:
    """The text with every value cut out that may never be shown."""
    # The longest first: one secret may be the beginning of another.
    for secret in sorted(_hidden, key=len, reverse=True):
        text = text.replace(secret, REDACTED)
    return text


def _shared() -> list[Processor]:
    """What both our own and other libraries' events go through."""
    return [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.PositionalArgumentsFormatter(),
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
    ]


def _renderer(style: Literal["console", "json"], target: TextIO) -> Processor:
    if style == "json":
        return structlog.processors.JSONRenderer(ensure_ascii=False)
    return structlog.dev.ConsoleRenderer(colors=target.isatty())
