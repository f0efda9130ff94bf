"""Why did the shop say no? The one error the sandbox raises on purpose; it never means that something was done."""

from __future__ import annotations


class RefusedError(Exception):
    """A request that the shop refuses as a whole; nothing was changed by it.

    `status` is the HTTP status it is answered with, `code` the machine's word, `facts` further fields of the
    answer (for example the `listing_id` of a SKU that is listed already).
    """

    def __init__(self, status: int, code: str, message: str, **facts: object) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message
        self.facts = facts

    def body(self) -> dict[str, object]:
        """The answer's JSON object: code, message and the facts."""
        return {"code": self.code, "message": self.message, **self.facts}
