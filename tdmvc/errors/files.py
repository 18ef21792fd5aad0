"""Errors about files that people write, and about migrations."""

from pathlib import Path
from typing import Self

from tdmvc.errors.base import UsageError


class ConfigError(UsageError):
    """A file that people write (tdmvc.yaml, dataset.yaml, …) is wrong."""

    path: str | None = None
    """The file; None if the fault is in no single file."""
    line: int | None = None
    """Counted from 1; None if the fault has no line."""
    key: str = ""
    revision: str = ""
    """The commit that holds the file; empty if it is on disk."""

    @classmethod
    def at(
        cls, what: str, path: Path | str, *, line: int | None = None, key: str = "", remedy: str = ""
    ) -> Self:
        """Build the message for a fault at a line or key of a file."""
        where = str(path)
        if line is not None:
            where += f", line {line}"
        if key:
            where += f", key '{key}'"
        error = cls(what, where=where, remedy=remedy)
        error.path, error.line, error.key = str(path), line, key
        return error

    def set_revision(self, label: str) -> None:
        """Say that the file is the one at a revision, and not the one on disk."""
        if not self.revision:
            self.revision = label
            self.where += f", at {label}"
            self.args = (self.message,)


class MergeConflictError(ConfigError):
    """A file still has the conflict markers of a merge."""

    @classmethod
    def in_text(cls, path: str, line: int) -> Self:
        remedy = "finish the merge: keep the right lines between the markers, and remove the markers."
        if Path(path).name == "dvc.lock":
            remedy = (
                f"do not merge the output of a pipeline, rebuild it: `git checkout --ours -- {path}`, "
                f"then `dvc repro` and `git add {path}`."
            )
        return cls.at("The file contains Git conflict markers.", path, line=line, remedy=remedy)


class TableConflictError(MergeConflictError):
    """A merge left a table in conflict, and a person has to resolve it first."""

    exit_code = 4

    @classmethod
    def in_pointer(cls, dataset: str, table: str, path: str, line: int) -> Self:
        return cls.at(
            f"The table {table} of {dataset} is in conflict after a merge.",
            path,
            line=line,
            remedy=f"run `tdmvc resolve {dataset}`, which shows what is left to resolve; "
            "or undo the merge with `git merge --abort`, or as `git status` says.",
        )


class UnreadableFileError(ConfigError):
    """A file exists, but cannot be read."""

    @classmethod
    def too_large(cls, path: str, size_bytes: int, most_bytes: int) -> "UnreadableFileError":
        return cls.at(
            f"The file is too large: {size_bytes / 1e6:,.0f} MB. The limit is {most_bytes / 1e6:,.0f} MB.",
            path,
            remedy="move the rows out of it, into a file that it loads, or add them with `tdmvc add`.",
        )

    @classmethod
    def not_utf8(cls, path: str, line: int) -> "UnreadableFileError":
        return cls.at(
            "The file is not valid UTF-8.",
            path,
            line=line,
            remedy="correct that line, and save the file as UTF-8.",
        )

    @classmethod
    def in_conflict(cls, path: str, merge: str) -> "UnreadableFileError":
        return cls.at(
            f"The file is in conflict in {merge}.",
            path,
            remedy="merge the two branches, resolve the conflict, and run the command again.",
        )


class MigrationsError(ConfigError):
    """A migration folder cannot be understood; the message names the file and the reason."""
