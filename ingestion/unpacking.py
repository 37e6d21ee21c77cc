"""Unpacking gzip no further than it may go: a few kilobytes can hold the whole disk.

    packed file ──► parts of what it holds, until there is too much of it
"""

import gzip
from collections.abc import Iterator
from typing import BinaryIO

AT_ONCE = 1 << 20
# Gzip reaches 1 to 1032; tables of numbers and texts come to a twentieth, repeated lines seldom to a hundredth.
MOST_TIMES = 200
ALWAYS_ALLOWED = 64 << 20


RECORD_BYTES = 200  # of memory that a record takes, however little stands in it
CROWDED_FROM = 5_000_000
SHORTEST_MEMBER = 8


class TooLarge(Exception):
    """What a gzip file holds is more than it may be; the text says how much that is."""


def largest_of(packed_bytes: int) -> int:
    """How many bytes a gzip file of this many may hold."""
    return max(ALWAYS_ALLOWED, MOST_TIMES * packed_bytes)


def is_crowded(body: bytes | bytearray, *, largest: int) -> bool:
    """Whether a JSON body of allowed size holds so many records that they would take more than twice `largest` bytes of memory: empty
    objects (`{},{},…`), or members of a few bytes by the million."""
    members = body.count(b",")
    return body.count(b"{") * RECORD_BYTES > 2 * largest or (members > CROWDED_FROM and len(body) < SHORTEST_MEMBER * members)


def unzipped(packed: BinaryIO, *, largest: int) -> Iterator[bytes]:
    """What the file holds, part by part. Raises TooLarge, and OSError, EOFError or zlib.error where it is damaged."""
    come = 0
    with gzip.open(packed) as plain:
        while part := plain.read(AT_ONCE):
            come += len(part)
            if come > largest:
                raise TooLarge(f"it unpacks to more than {largest >> 20} MB")
            yield part
