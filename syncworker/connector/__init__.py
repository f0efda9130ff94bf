"""What does a connector's author need? Everything of it, from this one import."""

from syncworker.connector.answers import STATUS_TABLE, Answer, Json, Verdict, read_json
from syncworker.connector.contract import (
    CONTRACT_VERSION,
    Capabilities,
    Channel,
    ChannelCheck,
    ChannelLine,
    ChannelOrder,
    Connector,
    ListingDraft,
    ListingPage,
    Money,
    OrderPage,
    OrderStatus,
    Outcome,
    PushResult,
    QuantityPush,
    Reading,
    RemoteListing,
)
from syncworker.connector.document import Document
from syncworker.connector.http import ChannelHttp
from syncworker.connector.pace import share_rate_limits
from syncworker.connector.transport import SendWindow
from syncworker.core.model import MAX_QUANTITY, BelowZero, Known, QuantityKind, QuantityMode
from syncworker.errors import (
    ChannelError,
    ChannelMisconfiguredError,
    ListingRejectedError,
    MalformedAnswerError,
    OutcomeUnknownError,
    RequestRefusedError,
    RetryLaterError,
)

__all__ = [
    "CONTRACT_VERSION",
    "MAX_QUANTITY",
    "STATUS_TABLE",
    "Answer",
    "BelowZero",
    "Capabilities",
    "Channel",
    "ChannelCheck",
    "ChannelError",
    "ChannelHttp",
    "ChannelLine",
    "ChannelMisconfiguredError",
    "ChannelOrder",
    "Connector",
    "Document",
    "Json",
    "Known",
    "ListingDraft",
    "ListingPage",
    "ListingRejectedError",
    "MalformedAnswerError",
    "Money",
    "OrderPage",
    "OrderStatus",
    "Outcome",
    "OutcomeUnknownError",
    "PushResult",
    "QuantityKind",
    "QuantityMode",
    "QuantityPush",
    "Reading",
    "RemoteListing",
    "RequestRefusedError",
    "RetryLaterError",
    "SendWindow",
    "Verdict",
    "read_json",
    "share_rate_limits",
]
