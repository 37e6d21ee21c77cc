"""What the interface refuses, and how it says so.

    Refusal  ->  the documented envelope, `odata.error` or `m:error` (manual 17.4.10)
"""

from sandbox.faults import encode

METADATA = "http://schemas.microsoft.com/ado/2007/08/dataservices/metadata"


class Refusal(Exception):
    """A request that is refused: HTTP status, the platform's own code, its words."""

    def __init__(self, status: int, code: int, text: str) -> None:
        super().__init__(text)
        self.status, self.code, self.text = status, code, text


def in_json(refusal: Refusal) -> bytes:
    """The envelope of a JSON answer; the code is a text."""
    return encode({"odata.error": {"code": str(refusal.code), "message": {"lang": "ru", "value": refusal.text}}})
