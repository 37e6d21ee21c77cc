"""The fiscal documents of the tills: which drive recorded a receipt, and under which number.

    order_id of a receipt, return_id of a return at a till  ->  FiscalDocument

The same paper is told by every system that keeps the tills' receipts, and the drive with the document's number is what shows
that two of their records are one (together they are unique in the country). Sales and returns are recorded by two drives here,
so that the world's own ids can serve as document numbers.
"""

from __future__ import annotations

from dataclasses import dataclass

SALES_DRIVE, RETURNS_DRIVE = "9960440300000001", "9960440300000002"
TILL_REGISTRATION = "0000000001012345"  # with the tax service


@dataclass(frozen=True)
class FiscalDocument:
    drive: str
    number: str
    sign: str  # printed on the receipt, so that the buyer can check it

    @property
    def key(self) -> str:
        """What is the same in every system: <drive>/<number>."""
        return f"{self.drive}/{self.number}"


def of_sale(order_id: int) -> FiscalDocument:
    """The document of a till receipt."""
    return FiscalDocument(SALES_DRIVE, str(order_id), str(order_id * 7919 % 10**10))


def of_return(return_id: int) -> FiscalDocument:
    """The document of a return at a till."""
    return FiscalDocument(RETURNS_DRIVE, str(return_id), str(return_id * 7907 % 10**10))
