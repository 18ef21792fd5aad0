"""Knows the workflow commands by which GitHub shows a review as annotations at files."""

from collections.abc import Sequence

from tdmvc.model.finding import Severity
from tdmvc.model.review import Review
from tdmvc.render.cells import visible
from tdmvc.render.finding_identity import Paths, placed_findings
from tdmvc.render.review_wording import dataset_words
from tdmvc.render.terminal import plural

MOST = 10
"""GitHub shows so many annotations of a level that a step writes, and drops the others."""

_LEVELS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.INFO: "notice"}


def render_review_github(review: Review, paths: Paths) -> str:
    """Return lines for the log of a step: errors, warnings, then a notice for each dataset.

    Of more than ten of a level the last line says how many there are besides.
    """
    lines: dict[str, list[str]] = {level: [] for level in _LEVELS.values()}
    for dataset in review.datasets:
        message = f"{dataset.verdict.value}: {dataset_words(dataset)}"
        title = f"tdmvc review of {dataset.dataset}"
        lines["notice"].append(_command("notice", title, paths(dataset.dataset, None), message))
    for placed in placed_findings(review):
        finding = placed.finding
        level = _LEVELS[finding.severity]
        title = f"tdmvc {finding.rule}: {placed.place}"
        lines[level].append(_command(level, title, paths(placed.dataset, finding.table), placed.text))
    shown = [line for level, found in lines.items() for line in _at_most(found, level)]
    return "".join(f"{line}\n" for line in shown)


def _at_most(lines: Sequence[str], level: str) -> Sequence[str]:
    if len(lines) <= MOST:
        return lines
    hidden = plural(len(lines) - MOST + 1, f"more {level}")
    return [*lines[: MOST - 1], _command(level, "tdmvc", "", f"{hidden}: see the summary of this job.")]


def _command(level: str, title: str, path: str, message: str) -> str:
    """An annotation without a file belongs to the whole run."""
    properties = [f"title={_property(visible(title))}", *([f"file={_property(path)}"] if path else [])]
    return f"::{level} {','.join(properties)}::{_data(message)}"


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
