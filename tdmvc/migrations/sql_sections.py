"""Knows the tools that keep the way up and the way down in one SQL file, each behind a mark."""

import re


def up_sections(text: str, mark: re.Pattern[str]) -> str | None:
    """Return an SQL text without its sections that lead down, or None when no mark leads up.

    Args:
        mark: finds a line that begins a section; its group `way` is `up` or `down`.
    """
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    kept = []
    start = 0
    is_up, has_up = True, False
    for found in mark.finditer(text):
        if is_up:
            kept.append(text[start : found.start()])
        start = found.start()
        is_up = found["way"].lower() == "up"
        has_up = has_up or is_up
    if is_up:
        kept.append(text[start:])
    return "".join(kept) if has_up else None
