"""Byte order marks (U+FEFF, in UTF-8 EF BB BF) that a vendor's tools leave where texts were put together.

Before a body, before a record, between two tokens they mean nothing, and a JSON reader refuses the page for one. Inside a text of JSON a
mark is part of what somebody wrote, and stays.
"""

import codecs
import re

MARK = codecs.BOM_UTF8
_TEXT_OR_MARK = re.compile(rb'"[^"\\]*(?:\\.[^"\\]*)*"|(?:\xef\xbb\xbf)+', re.DOTALL)
_BEFORE = re.compile(rb"(?:[ \t\r\n]*\xef\xbb\xbf)+")
_BEFORE_A_LINE = re.compile(rb"(?m)^(?:\xef\xbb\xbf)+")


def begun(body: bytes) -> bytes:
    """A body without the marks that it begins with."""
    found = _BEFORE.match(body)
    return body[found.end():] if found else body


def of_json(body: bytes) -> bytes:
    """JSON without the marks outside its texts."""
    if MARK not in body:
        return body
    return _TEXT_OR_MARK.sub(lambda found: b"" if found[0].startswith(MARK) else found[0], body)


def of_lines(body: bytes) -> bytes:
    """Lines without the marks that they begin with."""
    return _BEFORE_A_LINE.sub(b"", body) if MARK in body else body
