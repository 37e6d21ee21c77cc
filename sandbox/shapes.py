"""The tables of the simulated world and what their columns mean, as sandbox/shapes.txt documents them.

    shapes.txt -> SHAPES: table -> column -> (kind, meaning)

Kinds: int, int? (may be missing), text, flag, time (naive UTC), date, mixed (int or text, by vendor). `_kop` is kopecks.
"""

from __future__ import annotations

from pathlib import Path


def _read(text: str) -> dict[str, dict[str, tuple[str, str]]]:
    shapes: dict[str, dict[str, tuple[str, str]]] = {}
    for line in filter(None, text.splitlines()):
        if line.startswith("["):
            columns = shapes.setdefault(line.strip("[]"), {})
        else:
            name, kind, *meaning = line.split(maxsplit=2)
            columns[name] = (kind, "".join(meaning))
    return shapes


SHAPES = _read(Path(__file__).with_suffix(".txt").read_text(encoding="utf-8"))
