"""Every error of syncworker, grouped by what the caller should do about it.

    SyncworkerError
    ├── ChannelError                  something at one channel; never harms another one
    │   ├── RetryLaterError           try again after ``retry_after_s``; promises that nothing was applied
    │   ├── OutcomeUnknownError       the request left and may have been applied; never send it again blindly
    │   ├── RequestRefusedError       definitely not applied; the same request will never be accepted
    │   ├── ListingRejectedError      park this listing, go on with the others
    │   ├── ChannelMisconfiguredError stop this channel and tell a person
    │   └── MalformedAnswerError      the answer cannot be read: record nothing of it, keep the cursor
    ├── InputError                    a person gave something unusable: say what, where and what to do next
    │   ├── UnknownSkuError
    │   ├── ImportFileError           all mistakes of a file at once
    │   └── ConfigurationError        all mistakes of a configuration at once
    ├── LeaseLostError                somebody else works on this now: drop what was begun
    └── LedgerError                   the database cannot be used as it is
        ├── NewerDatabaseError
        ├── AlreadyRunningError
        └── UnsafeDatabaseError

Expected outcomes (short, unchanged, refused by the channel) are return values, not errors.
"""

from __future__ import annotations

from collections.abc import Sequence


class SyncworkerError(Exception):
    """The root of the tree; its text is one sentence with the next step for a person."""


class ChannelError(SyncworkerError):
    """Something went wrong at one channel."""


class RetryLaterError(ChannelError):
    """The channel asks to be left alone for a while. It promises that *nothing was applied*."""

    def __init__(self, message: str, *, retry_after_s: float | None = None) -> None:
        super().__init__(message)
        #: Seconds the channel asked for; ``None`` when it named none.
        self.retry_after_s = retry_after_s


class OutcomeUnknownError(ChannelError):
    """The request left and no answer proves what became of it: it *may have been applied*."""


class RequestRefusedError(ChannelError):
    """The channel definitely refused this request as it is: *nothing was applied*, and a repeat is useless."""

    def __init__(self, message: str, *, status: int, code: str = "") -> None:
        super().__init__(message)
        #: The HTTP status.
        self.status = status
        #: The channel's own word for the reason; empty when it gave none.
        self.code = code


class ListingRejectedError(ChannelError):
    """The channel will not accept this listing as it is; park it with the channel's own words."""

    def __init__(self, message: str, *, sku: str) -> None:
        super().__init__(message)
        self.sku = sku


class ChannelMisconfiguredError(ChannelError):
    """Credentials, address or permissions are wrong: no retry helps until a person mends them."""


class MalformedAnswerError(ChannelError):
    """The answer cannot be read as the contract says (HTML, cut JSON, NaN, a missing field)."""

    def __init__(self, message: str, *, path: str = "") -> None:
        super().__init__(message)
        #: Where in the answer, for instance ``orders[3].lines[0].quantity``.
        self.path = path


class InputError(SyncworkerError):
    """A person's input cannot be used; nothing was changed."""


class UnknownSkuError(InputError):
    """The SKU is not in the catalogue."""

    def __init__(self, sku: str) -> None:
        super().__init__(
            f"SKU {sku!r} is not in the catalogue. See `syncworker product list`, or add it with `syncworker product import`."
        )
        self.sku = sku


class UnknownChannelError(InputError):
    """There is no such channel; ``known`` are the names that there are."""

    def __init__(self, text: str, *, name: str, known: Sequence[str]) -> None:
        super().__init__(text)
        self.name = name
        self.known = tuple(known)


class ImportFileError(InputError):
    """A file cannot be imported; every problem in it is named, and nothing was changed."""

    def __init__(self, problems: Sequence[str]) -> None:
        super().__init__(
            "The file cannot be imported, and nothing was changed:\n"
            + "\n".join(f"  - {problem}" for problem in problems)
        )
        self.problems = tuple(problems)


class ConfigurationError(InputError):
    """The configuration has mistakes; all of them are named at once."""

    def __init__(self, problems: Sequence[str]) -> None:
        super().__init__(
            "The configuration cannot be used:\n" + "\n".join(f"  - {problem}" for problem in problems)
        )
        self.problems = tuple(problems)


class LeaseLostError(SyncworkerError):
    """The lease ran out and somebody else may hold it: what was begun must not be committed."""


class LedgerError(SyncworkerError):
    """The database cannot be used as it is."""


class NewerDatabaseError(LedgerError):
    """The database was written by a newer version of syncworker."""


class AlreadyRunningError(LedgerError):
    """A second ``syncworker up`` on the same embedded database."""


class UnsafeDatabaseError(LedgerError):
    """The database would forget commits on a power cut, so a sent raise could be lost."""
