"""A tree of files in memory, for tests of the readers and of their laws."""

from collections.abc import Iterable, Iterator


class MemoryTree:
    """Files in a dict, as a Git revision would give them."""

    label = "abc1234"

    def __init__(self, files: dict[str, str | bytes]) -> None:
        self._files = files

    def list_files(self, folder: str = "") -> list[str]:
        return sorted(path for path in self._files if not folder or path.startswith(folder + "/"))

    def read_text(self, path: str) -> str | None:
        content = self._files.get(path)
        if isinstance(content, bytes):
            return content.decode("utf-8", "replace").removeprefix("\ufeff")
        return content

    def read_texts(self, paths: Iterable[str]) -> Iterator[tuple[str, str]]:
        for path in paths:
            text = self.read_text(path)
            if text is not None:
                yield path, text
