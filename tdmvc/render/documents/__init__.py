"""The published JSON documents: what each report of a verb becomes (see docs/formats)."""

from typing import Final

from tdmvc.render.documents import (
    contracts,
    diff,
    environments,
    history,
    merge,
    migrations,
    reports,
    validation,
)
from tdmvc.render.json import Scope, to_object

Document = dict[str, object]
DECLARED: Final = (reports, migrations, diff, merge, history, environments, validation, contracts)
"""Each declares the documents of one subject when it is imported."""


def document(report: object) -> Document:
    """Return the JSON document of what a verb returned; cells of personal columns are masked.

    Raises:
        TypeError: no document is declared for the class of the report.
    """
    found = to_object(report, Scope())
    if "format" not in found:
        raise TypeError(f"{type(report).__name__} is only a part of a document")
    return found
