"""What follows when a channel fails, and when it is back? Its gate, its incident, one line in the log each way."""

from __future__ import annotations

from datetime import datetime

from syncworker.errors import ChannelMisconfiguredError, RetryLaterError
from syncworker.ledger import channels
from syncworker.ledger.channels import ChannelRecord
from syncworker.ledger.ledger import Transaction
from syncworker.sync.context import log
from syncworker.sync.incidents import channel_answered, channel_failed

#: Failures that no retry mends count as this many at once: the channel is failing right away.
HOPELESS = 3


def record_failure(tx: Transaction, channel: ChannelRecord, error: Exception) -> datetime:
    """Close the channel's gate for all workers; until when."""
    text = str(error) or repr(error)
    retry_after_s = error.retry_after_s if isinstance(error, RetryLaterError) else None
    failures = channels.record_failure(tx, channel.name, text, retry_after_s=retry_after_s)
    if isinstance(error, ChannelMisconfiguredError):
        failures = max(failures, HOPELESS)
    if retry_after_s is None:
        channel_failed(tx, channel, failures, text)
    if failures == 1:
        tx.after_commit(lambda: log.warning("channel_failed", channel=channel.name, error=text))
    return channels.load(tx, channel.name).not_before or tx.now


def record_success(tx: Transaction, channel: ChannelRecord) -> None:
    """The channel answered: its gate opens, its incident closes."""
    if channel.failures and channels.record_success(tx, channel.name):
        channel_answered(tx, channel.name)
        tx.after_commit(lambda: log.info("channel_is_back", channel=channel.name))
