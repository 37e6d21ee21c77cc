"""What the lake knows of one card or phone.

    a document of `answers`  <->  `Turn`

An answer's document: type, result (member, not_a_member, failed), asked_at, and for a member account, through (when its history was read),
version (of the account that was landed), edge (the operations since `through` less the overlap, which the next answer will bring again),
under (the path and START_DATE by which the history was read; by others it is read whole again), points (told when it was read; where
later operations do not explain a change, the history is read whole again) and whole_at (when it was). Where histories are not read,
these stay as they were.
"""

import json
from dataclasses import dataclass, field

from ingestion.abm_loyalty.customers import Kind


@dataclass(frozen=True)
class Turn:
    """What the lake knows of one card or phone."""

    asked_at: str = ""
    result: str = ""
    account: str = ""
    through: str = ""
    version: str = ""
    edge: dict[str, str] = field(default_factory=dict)
    under: str = ""
    points: str = ""
    whole_at: str = ""

    def told(self, kind: Kind) -> str:
        """As a document."""
        return json.dumps({"type": kind, "result": self.result, "asked_at": self.asked_at, "account": self.account or None,
                           "through": self.through or None, "version": self.version or None, "edge": json.dumps(self.edge),
                           "under": self.under or None, "points": self.points or None, "whole_at": self.whole_at or None})


def turn(asked_at: str | None, result: str | None, account: str | None, through: str | None, version: str | None, edge: str | None,
         under: str | None = None, points: str | None = None, whole_at: str | None = None) -> Turn:
    """A document of `answers` read back."""
    return Turn(asked_at or "", result or "", account or "", through or "", version or "", json.loads(edge or "{}"), under or "",
                points or "", whole_at or "")
