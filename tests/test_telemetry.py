"""The log tells what happens and never a secret."""

from __future__ import annotations

import io
import json
import logging
from collections.abc import Iterator

import pytest
import structlog

from syncworker import telemetry
from syncworker.telemetry import configure_logging


@pytest.fixture(autouse=True)
def as_before() -> Iterator[None]:
    """Logging is one for the process: give it back as it was."""
    root, ours = logging.getLogger(), logging.getLogger("syncworker")
    handlers, level = list(root.handlers), ours.level
    hidden = set(telemetry._hidden)
    yield
    root.handlers = handlers
    ours.setLevel(level)
    telemetry._hidden.clear()
    telemetry._hidden.update(hidden)
    structlog.reset_defaults()


def told(stream: io.StringIO) -> list[dict[str, object]]:
    return [json.loads(line) for line in stream.getvalue().splitlines()]


@pytest.fixture
def stream() -> io.StringIO:
    stream = io.StringIO()
    configure_logging(style="json", secrets=["s3cret-token"], stream=stream)
    return stream


def test_an_event_is_one_line_of_json_with_its_facts(stream: io.StringIO) -> None:
    with structlog.contextvars.bound_contextvars(channel="toko"):
        structlog.get_logger("syncworker").info("pushed", units=3)

    (line,) = told(stream)
    assert (line["event"], line["channel"], line["units"], line["level"]) == ("pushed", "toko", 3, "info")


def test_a_secret_is_cut_out_by_the_name_of_its_key_and_by_its_value_at_any_depth(
    stream: io.StringIO,
) -> None:
    structlog.get_logger("syncworker").warning(
        "called s3cret-token",
        access_token="anything",
        headers={"Authorization": "Basic x", "accept": "json"},
        urls=["https://x/?k=s3cret-token"],
    )

    (line,) = told(stream)
    assert line["event"] == "called [redacted]"
    assert line["access_token"] == "[redacted]"
    assert line["headers"] == {"Authorization": "[redacted]", "accept": "json"}
    assert line["urls"] == ["https://x/?k=[redacted]"]


def test_a_secret_in_a_traceback_is_cut_out(stream: io.StringIO) -> None:
    try:
        int("s3cret-token")
    except ValueError:
        structlog.get_logger("syncworker").exception("failed")

    assert "s3cret-token" not in stream.getvalue()
    assert "invalid literal for int() with base 10: '[redacted]'" in str(told(stream)[0]["exception"])


def test_other_libraries_are_heard_when_something_is_wrong(stream: io.StringIO) -> None:
    logging.getLogger("celery.worker").info("received a task")
    logging.getLogger("sqlalchemy.pool").warning("cannot reach %s with s3cret-token", "the database")

    assert [line["event"] for line in told(stream)] == ["cannot reach the database with [redacted]"]


def test_the_last_set_up_wins_and_leaves_other_handlers_alone(stream: io.StringIO) -> None:
    theirs = logging.NullHandler()
    logging.getLogger().addHandler(theirs)
    later = io.StringIO()

    configure_logging(level="warning", style="console", stream=later)
    structlog.get_logger("syncworker").info("whispered")
    structlog.get_logger("syncworker").warning("said aloud")

    assert stream.getvalue() == ""
    assert "said aloud" in later.getvalue()
    assert "whispered" not in later.getvalue()
    assert theirs in logging.getLogger().handlers
