"""The protocol that every output format meets, and the options that a value is rendered with."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

from tdmvc.model.migration import DriftStatus

Value = TypeVar("Value")
Rendered = TypeVar("Rendered", contravariant=True)

Paths = Callable[[str, str | None], str]
"""(dataset, table or None) → the path of the pointer or of dataset.yaml, from the root of the repository."""

FEW_ROWS = 20


def _no_path(dataset: str, table: str | None) -> str:
    return ""


@dataclass(frozen=True, slots=True)
class RenderOptions:
    """What a format needs besides the value; each format reads what concerns it."""

    color: bool = False
    width: int = 100
    """Columns of the terminal."""
    reveal: bool = False
    """Show personal values; the terminal only."""
    paths: Paths = _no_path
    link: str | None = None
    """The address of the whole report, for a comment to lead to."""
    limit: int | None = None
    """The most characters of a comment; None is the format's own limit."""
    fail_on: frozenset[DriftStatus] = frozenset()
    """The statuses of drift that fail the run."""


class Format(Protocol[Rendered]):
    """One output format of one subject."""

    @property
    def name(self) -> str: ...

    @property
    def is_for_terminal(self) -> bool:
        """Whether a person reads it on a terminal, in colour and page by page; all others are written as they are."""

    @property
    def sample_rows(self) -> int:
        """The most sample rows of a kind and table that it has room for."""

    def render(self, value: Rendered, options: RenderOptions) -> str:
        """Return the value as text that ends in a newline."""


@dataclass(frozen=True, slots=True)
class FormatEntry(Generic[Value]):
    """A format whose renderer is imported when it is asked for."""

    name: str
    renderer: Callable[[Value, RenderOptions], str]
    is_for_terminal: bool = False
    sample_rows: int = FEW_ROWS

    def render(self, value: Value, options: RenderOptions) -> str:
        return self.renderer(value, options)


Formats = Mapping[str, Format[Value]]
"""Every format of a subject, by name; the terminal comes first."""


def formats_of(
    terminal: Callable[[Value, RenderOptions], str], *others: FormatEntry[Value]
) -> Formats[Value]:
    """Return the registry of a subject."""
    entries = (FormatEntry("terminal", terminal, is_for_terminal=True), *others)
    return {entry.name: entry for entry in entries}


def json_text(document: object) -> str:
    """Return a JSON document as text that ends in a newline."""
    return json.dumps(document, indent=2, ensure_ascii=False, allow_nan=False) + "\n"
