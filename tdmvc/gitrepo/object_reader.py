"""Questions about objects that one process of Git answers, one after the other."""

import contextlib
import re
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, BinaryIO, cast

if TYPE_CHECKING:
    import git

_CHUNK_BYTES = 1 << 16
_OBJECT_ID = re.compile(rb"[0-9a-f]{40}|[0-9a-f]{64}")
_COMMIT = re.compile(rb"([0-9a-f]{40}|[0-9a-f]{64}) commit ([0-9]+)")


class ObjectReader:
    """One `git cat-file --batch`."""

    def __init__(self, process: "git.Git.AutoInterrupt", unreadable: Callable[[str], Exception]) -> None:
        """Take over the process.

        Args:
            unreadable: returns the error for an object that is missing or damaged, by its id or name.
        """
        self._process = process
        self._source = cast(BinaryIO, process.stdout)
        self._sink = cast(BinaryIO, process.stdin)
        self._unreadable = unreadable

    def read(self, ids: Sequence[str], most_bytes: int | None) -> Iterator[tuple[bytes | None, int]]:
        """Request all of the objects, then yield them; take all of them before you request others."""
        self._request(ids)
        for id_ in ids:
            yield self._read_one(id_, most_bytes)

    def ask(self, names: Sequence[str]) -> Iterator[str | None]:
        """Yield the id that a process started with `--batch-check` gives each name, None if it has none."""
        self._request(names)
        for name in names:
            answer = self._read_line(name)
            # Anything else repeats the name and gives the reason: missing, ambiguous.
            yield answer.decode("ascii") if _OBJECT_ID.fullmatch(answer) else None

    def find_commit(self, rev: str) -> str | None:
        """Return the id of the commit that a revision names, None if there is none."""
        name = f"{rev}^{{commit}}"
        self._request([name])
        found = _COMMIT.fullmatch(self._read_line(name))
        if found is None:
            return None
        size = int(found[2]) + 1
        if len(self._source.read(size)) != size:
            raise self._unreadable(rev)
        return found[1].decode("ascii")

    def close(self) -> None:
        for stream in (self._sink, self._source, self._process.stderr):
            with contextlib.suppress(OSError, ValueError):
                if stream is not None:
                    stream.close()
        with contextlib.suppress(Exception):
            self._process.wait()

    def _request(self, names: Sequence[str]) -> None:
        try:
            text = "".join(f"{name}\n" for name in names)
            self._sink.write(text.encode("utf-8", "surrogateescape"))
            self._sink.flush()
        except (OSError, ValueError) as error:
            raise self._unreadable(names[0]) from error

    def _read_line(self, name: str) -> bytes:
        answer = self._source.readline().rstrip(b"\n")
        if not answer:
            raise self._unreadable(name)
        return answer

    def _read_one(self, id_: str, most_bytes: int | None) -> tuple[bytes | None, int]:
        words = self._source.readline().split()
        if len(words) != 3:
            raise self._unreadable(id_)
        size = int(words[2])
        if most_bytes is not None and size > most_bytes:
            left = size + 1
            while left and (read := len(self._source.read(min(left, _CHUNK_BYTES)))):
                left -= read
            return None, size
        content = self._source.read(size + 1)
        if len(content) != size + 1:
            raise self._unreadable(id_)
        return content[:-1], size
