"""The formats of what a merge would break."""

from tdmvc.model.merge_report import MergeCheck
from tdmvc.render.format import FormatEntry, Formats, RenderOptions, formats_of, json_text


def _terminal(check: MergeCheck, options: RenderOptions) -> str:
    from tdmvc.render.merge.check.terminal import render_merge_check

    return render_merge_check(check, color=options.color, width=options.width)


def _json(check: MergeCheck, options: RenderOptions) -> str:
    from tdmvc.render.documents import document

    return json_text(document(check))


def _github(check: MergeCheck, options: RenderOptions) -> str:
    from tdmvc.render.merge.check.github import render_merge_check_github

    return render_merge_check_github(check, options.paths)


def _junit(check: MergeCheck, options: RenderOptions) -> str:
    from tdmvc.render.merge.check.junit import render_merge_check_junit

    return render_merge_check_junit(check)


def _markdown(check: MergeCheck, options: RenderOptions) -> str:
    from tdmvc.render.merge.check.markdown import render_merge_check_markdown

    return render_merge_check_markdown(check)


FORMATS: Formats[MergeCheck] = formats_of(
    _terminal,
    FormatEntry("json", _json),
    FormatEntry("github", _github),
    FormatEntry("junit", _junit),
    FormatEntry("markdown", _markdown),
)
