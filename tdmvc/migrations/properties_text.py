"""Knows how to read a Java properties file."""

import re
from collections.abc import Iterator
from typing import Final

_SETTING: Final = re.compile(r"^[ \t]*([^#!=:\s][^=:\s]*)[ \t]*[=:]([^\n]*)$", re.MULTILINE)


def parse_properties(text: str) -> Iterator[tuple[str, str]]:
    """Yield keys and values; lines that go on in the next one are cut off."""
    for match in _SETTING.finditer(text):
        yield match[1], match[2].strip()
