"""A storm: a share of all requests meets a fault, any of those that a network or a vendor has.

seed, share -> `Storm(asked, how often its stage was asked)` -> a Fault or none; the same for the same seed, whichever thread asks first
"""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from sandbox.asked import Asked
from sandbox.faults import Fault

BUSY = {"status": 429, "body": '{"message":"Too many requests"}'}
# name -> the fault, whoever the vendor is. Headers hold Latin-1, whose ² is a digit and no number.
PASSING: dict[str, Fault] = {
    "429, in a second": Fault("*", headers={"Retry-After": "1"}, **BUSY),
    "429, at a time": Fault("*", until=2.0, **BUSY),
    "429, at a time that is over": Fault("*", until=-300.0, **BUSY),
    "429, in thirty years": Fault("*", headers={"Retry-After": str(10**9)}, **BUSY),
    "429, before now": Fault("*", headers={"Retry-After": "-5"}, **BUSY),
    "429, in words": Fault("*", headers={"Retry-After": "soon"}, **BUSY),
    "429, in no number": Fault("*", headers={"Retry-After": "²"}, **BUSY),
    "503": Fault("*", status=503, body="busy"),
    "500": Fault("*", status=500, body="<h1>Internal Server Error</h1>"),
    "408": Fault("*", status=408, body=""),
    "reset": Fault("*", kind="reset"),
    "slow": Fault("*", kind="slow", seconds=0.05),
    "truncated, with its length": Fault("*", kind="truncated"),
    "truncated, without a length": Fault("*", kind="truncated_without_length"),
    "HTML with 200": Fault("*", kind="html"),
    "empty body": Fault("*", kind="empty"),
    "empty page": Fault("*", kind="no_rows"),
    "repeated page": Fault("*", kind="last_page"),
    "record of the page before": Fault("*", kind="doubled"),
}


@dataclass(frozen=True)
class Storm:
    """share: of the requests, from 0 to 1; own: the faults of each vendor's own, which meet what their path says."""

    seed: int
    share: float
    own: Mapping[str, Sequence[Fault]] = field(default_factory=dict)

    def __call__(self, asked: Asked, number: int) -> Fault | None:
        """The fault of a request that is the `number`-th of its stage."""
        digest = hashlib.sha256(f"{self.seed} {asked.vendor} {asked.stage} {number}".encode()).digest()
        if int.from_bytes(digest[:8]) >= self.share * 2**64:
            return None
        faults = [*PASSING.values(), *(fault for fault in self.own.get(asked.vendor, ()) if fault.meets(asked))]
        return replace(faults[int.from_bytes(digest[8:16]) % len(faults)], vendor=asked.vendor)
