"""Knows how the contents of migrations become one digest that an edit in place changes."""

from dataclasses import dataclass, field
from hashlib import sha256


@dataclass(slots=True)
class ContentDigest:
    """A digest over (id, content) in id order, whatever order they come in.

    Only a hash of each file is held, so memory does not grow with their sizes.
    """

    _entries: list[tuple[str, str]] = field(default_factory=list)

    def add(self, id_: str, content: str) -> None:
        """Take in one file; CRLF and CR count as LF, so that a checkout's line ends do not matter."""
        lines = content.replace("\r\n", "\n").replace("\r", "\n")
        self._entries.append((id_, sha256(lines.encode("utf-8", "surrogatepass")).hexdigest()))

    def spelled(self) -> str:
        """Return `sha256:…` over all that was taken in."""
        whole = sha256()
        for id_, content in sorted(self._entries):
            # An id holds no NUL and no digest has another length: no two lists of entries read the same.
            whole.update(f"{id_}\0{content}\n".encode("utf-8", "surrogatepass"))
        return f"sha256:{whole.hexdigest()}"
