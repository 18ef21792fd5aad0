"""The formats of drift."""

from collections.abc import Sequence

from tdmvc.model.migration import Drift, DriftReport
from tdmvc.render.format import FormatEntry, Formats, RenderOptions, formats_of, json_text


def _terminal(drifts: Sequence[Drift], options: RenderOptions) -> str:
    from tdmvc.render.drift.terminal import render_drift

    return render_drift(drifts, color=options.color, width=options.width)


def _json(drifts: Sequence[Drift], options: RenderOptions) -> str:
    from tdmvc.render.documents import document

    return json_text(document(DriftReport(tuple(drifts))))


def _github(drifts: Sequence[Drift], options: RenderOptions) -> str:
    from tdmvc.render.drift.github import render_drift_github

    return render_drift_github(drifts, options.fail_on, lambda dataset: options.paths(dataset, None))


def _junit(drifts: Sequence[Drift], options: RenderOptions) -> str:
    from tdmvc.render.drift.junit import render_drift_junit

    return render_drift_junit(drifts, options.fail_on)


def _markdown(drifts: Sequence[Drift], options: RenderOptions) -> str:
    from tdmvc.render.drift.markdown import render_drift_markdown

    return render_drift_markdown(drifts, options.fail_on)


FORMATS: Formats[Sequence[Drift]] = formats_of(
    _terminal,
    FormatEntry("json", _json),
    FormatEntry("github", _github),
    FormatEntry("junit", _junit),
    FormatEntry("markdown", _markdown),
)
