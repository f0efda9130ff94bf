"""What is a measured figure, and does it hold? One number beside its bar; nothing is measured here."""

from __future__ import annotations

from dataclasses import asdict, dataclass

from bench import report


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """One figure of one run. Quoted are ratios: absolute times belong to one machine on one day."""

    what: str
    value: float
    #: What the value is a share or a multiple of.
    of: str
    bar: float
    #: Whether the bar is the most that is allowed, or the least.
    at_most: bool
    #: The numbers behind it, in words.
    behind: str
    #: Whether the bar is a goal, shown as reached or not; what is no goal has to hold.
    goal: bool = False
    #: Why this run cannot say whether the bar is reached; empty where it can.
    disturbed: str = ""

    @property
    def holds(self) -> bool:
        """Whether it is on the right side of its bar, in a run that can tell."""
        if self.disturbed:
            return False
        return self.value <= self.bar if self.at_most else self.value >= self.bar

    def as_json(self) -> dict[str, object]:
        """For the file of results."""
        return {**asdict(self), "holds": self.holds}


def show(figures: list[Figure]) -> int:
    """Print them for a person at a terminal; 1 if one that is no goal does not hold."""
    for figure in figures:
        print(report.line(figure.as_json()))
    return 0 if all(figure.holds or figure.goal for figure in figures) else 1
