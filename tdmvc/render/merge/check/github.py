"""A checked merge as GitHub annotations at the files of a dataset."""

from collections.abc import Iterator

from tdmvc.model.merge_report import MergeCheck
from tdmvc.render.format import Paths, RenderOptions
from tdmvc.render.merge.check.wording import check_verdict, remarks
from tdmvc.render.workflow_commands import LEVELS, annotation, log_of


def render(check: MergeCheck, options: RenderOptions) -> str:
    """Return lines for the log of a step: an error for what prevents the merge, else notices."""
    return log_of(_lines(check, options.paths))


def _lines(check: MergeCheck, paths: Paths) -> Iterator[tuple[str, str]]:
    yield "notice", annotation("notice", "tdmvc merge-check", "", ": ".join(check_verdict(check)))
    for remark in remarks(check):
        level = LEVELS[remark.severity]
        path = paths(remark.dataset, remark.table) if remark.dataset is not None else remark.path
        title = f"tdmvc merge-check: {remark.rule} in {remark.place}"
        yield level, annotation(level, title, path, "\n".join([remark.message, *remark.lines]))
