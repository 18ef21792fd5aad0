"""What an output format is: a function from a value and options to text, and its entry in a subject's registry."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib import import_module
from typing import Generic, Protocol, TypeVar

from tdmvc.render.escapes import escape_json, keep

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
    is_whole: bool = False
    """Fold nothing to fit a screen; the terminal only."""
    paths: Paths = _no_path
    link: str | None = None
    """The address of the whole report, for a comment to link to."""
    limit: int | None = None
    """The most characters of a comment; None is the format's own limit."""
    fail_on: frozenset[str] = frozenset()
    """The statuses of drift that fail the run."""


class Renderer(Protocol[Rendered]):
    """The function `render` in the file of an output format."""

    def __call__(self, value: Rendered, options: RenderOptions, /) -> str:
        """Return the value as text that ends in a newline."""


@dataclass(frozen=True, slots=True)
class OutputFormat(Generic[Value]):
    """One output format of one subject."""

    name: str
    render: Renderer[Value]
    is_for_terminal: bool = False
    """Whether people read it on a terminal, in colour and in a pager; other formats are written unchanged."""
    sample_rows: int = FEW_ROWS
    """The most sample rows of one kind that it shows for a table."""
    escape: Callable[[str], str] = keep
    """Returns the rendered text in ASCII, with the same meaning, for an output that is not UTF-8."""


Formats = Mapping[str, OutputFormat[Value]]
"""Every format of a subject, by name; the terminal comes first."""


def formats_of(terminal: Renderer[Value], *others: OutputFormat[Value]) -> Formats[Value]:
    """Return the registry of a subject: the terminal, JSON, and the other formats."""
    entries: tuple[OutputFormat[Value], ...] = (
        OutputFormat("terminal", terminal, is_for_terminal=True),
        OutputFormat("json", render_json, escape=escape_json),
        *others,
    )
    return {entry.name: entry for entry in entries}


def imported_when_used(package: str, name: str) -> Renderer[object]:
    """Return the function `render` of a module that is imported when somebody asks for the format.

    For formats that need much more than the terminal, such as pages.
    """

    def render(value: object, options: RenderOptions) -> str:
        return str(import_module(f"{package}.{name}").render(value, options))

    return render


def render_json(value: object, options: RenderOptions) -> str:
    """Return the published JSON document of a report, or a list of documents for several reports."""
    # Imports every module of the model, which no other format needs.
    from tdmvc.render.documents import document

    reports = value if isinstance(value, list | tuple) else (value,)
    documents = [document(report) for report in reports]
    published = documents[0] if len(documents) == 1 else documents
    return json.dumps(published, indent=2, ensure_ascii=False, allow_nan=False) + "\n"
