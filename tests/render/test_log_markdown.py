"""The log as Markdown: release notes that show exactly what the model says, whatever names and messages hold."""

from dataclasses import replace

import pytest
from markdown_it import MarkdownIt

from tdmvc.model.history import HistoryReport
from tdmvc.render.format import RenderOptions
from tdmvc.render.history.log_markdown import render_log
from tests.render import history_samples

SAMPLES = {name: value for name, value in vars(history_samples).items() if isinstance(value, HistoryReport)}
READER = MarkdownIt("gfm-like", {"linkify": False})


def html_of(report: HistoryReport) -> str:
    return READER.render(render_log(report, RenderOptions()))


@pytest.mark.parametrize("name", SAMPLES)
def test_each_entry_is_a_section_and_each_table_a_row(name: str) -> None:
    report = SAMPLES[name]
    html = html_of(report)
    assert html.count("<h3>") == len(report.entries)
    assert html.count("<tr>") == sum(1 + len(one.tables) for one in report.entries if one.tables)
    assert html.count("<h2>") == 1


def test_a_version_shows_its_release_its_day_and_its_notes() -> None:
    report = next(
        one for one in SAMPLES.values() if one.entries and any(entry.point.release for entry in one.entries)
    )
    (entry,) = [entry for entry in report.entries if entry.point.release][:1]
    text = render_log(replace(report, entries=(entry,)), RenderOptions())
    assert f"### `{entry.point.id}`, for release `{entry.point.release}`, {entry.point.when[:10]}" in text
    assert entry.point.subject.split()[0] in text


@pytest.mark.parametrize("hostile", ["a|b", "`x`", "<b>x</b>", "@team #12", "a\n# b", "***", "\x1b[31mred"])
def test_no_name_and_no_message_can_change_the_page(hostile: str) -> None:
    report = SAMPLES["LOG_DATASET"]
    plain = html_of(report)
    entries = tuple(
        replace(
            entry,
            point=replace(entry.point, subject=hostile),
            tables=tuple(replace(table, table=hostile) for table in entry.tables),
        )
        for entry in report.entries
    )
    html = html_of(replace(report, dataset=hostile, entries=entries))
    for tag in ("<h1>", "<h2>", "<h3>", "<tr>", "<td>", "<li>", "<strong>", "<em>", "<hr", "<a ", "<b>"):
        assert html.count(tag) == plain.count(tag), tag
