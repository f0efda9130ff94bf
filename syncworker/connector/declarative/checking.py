"""Do address and credentials work, and does the channel say of itself what is configured?"""

from __future__ import annotations

from syncworker.connector.answers import Json
from syncworker.connector.contract import ChannelCheck
from syncworker.connector.declarative.caller import Caller
from syncworker.connector.declarative.fields import Presence, finder, reader
from syncworker.connector.declarative.operations import CheckSpec
from syncworker.connector.declarative.request import BoundRequest
from syncworker.connector.document import Document


class Checking:
    """The manifest's ``[check]``."""

    def __init__(self, spec: CheckSpec, caller: Caller) -> None:
        values = caller.account.open_values
        self._spec, self._caller = spec, caller
        self._request = BoundRequest(spec.request, caller.account)
        self._name = reader(
            spec.name, values, kind="text", otherwise=str(values.get("base_url") or "connected")
        )
        self._currency = reader(spec.currency, values, kind="currency", presence=Presence.OPTIONAL)
        self._facts = None if spec.facts is None else finder(spec.facts, values)

    def ask(self) -> ChannelCheck:
        """One call without effect."""
        return self.read(self._caller.send(self._request, self._caller.facts(), effect=False).body)

    def read(self, body: Json) -> ChannelCheck:
        """What the answer tells; a fact that the settings have otherwise is marked."""
        facts: dict[str, str] = {}
        if self._facts is not None:
            told = Document(self._facts(body), "" if self._spec.facts is None else self._spec.facts.text)
            facts = {name: _shown(told.get(name)) for name in told.names()}
        for fact, setting in self._spec.same.items():
            here = self._caller.account.open_values.get(setting)
            if fact in facts and here is not None and not self._agree(facts[fact], here):
                facts[fact] += f" (configured: {here})"
        return ChannelCheck(name=self._name(body), currency=self._currency(body), facts=facts)

    def _agree(self, told: str, configured: Json) -> bool:
        ours = str(configured).lower().removesuffix(".0")
        # "unknown" declares nothing, so it contradicts nothing.
        return ours == "unknown" or self._spec.words.get(told, told).lower().removesuffix(".0") == ours


def _shown(value: Document | None) -> str:
    return "none" if value is None else value.shown()
