"""Drift for CI: annotations, a JUnit report and Markdown, and what hostile names do to them."""

import xml.etree.ElementTree as ET
from dataclasses import replace

import pytest
from markdown_it import MarkdownIt

from tdmvc.model.migration import (
    DATABASE_FAIL_ON,
    DEFAULT_FAIL_ON,
    Drift,
    DriftReport,
    DriftStatus,
    Migration,
    MigrationProblem,
)
from tdmvc.render.drift.github import render as render_drift_github
from tdmvc.render.drift.junit import render as render_drift_junit
from tdmvc.render.drift.markdown import render as render_drift_markdown
from tdmvc.render.drift.terminal import render as render_drift
from tdmvc.render.format import RenderOptions
from tdmvc.render.review.junit import render as render_review_junit
from tests.render import database_samples, review_samples
from tests.render import report_samples as samples
from tests.render.strict_junit import faults

HOSTILE = "a,b:c%0A::error::x\n| `@ada` <b>\u202e\x00\ud800 ]]>"


def manifest(dataset: str, table: str | None) -> str:
    return f"datasets/{dataset}/dataset.yaml"


OPTIONS = RenderOptions(paths=manifest, fail_on=DEFAULT_FAIL_ON, width=80)


def github(drifts: tuple[Drift, ...], fail_on: frozenset[DriftStatus] = DEFAULT_FAIL_ON) -> list[str]:
    options = replace(OPTIONS, fail_on=fail_on)
    return render_drift_github(DriftReport(drifts), options).splitlines()


def hostile() -> tuple[Drift, ...]:
    """Every status with a name, an id and a table that mean something to each format."""
    migration = Migration(HOSTILE, HOSTILE, HOSTILE, touches=(HOSTILE,))
    return tuple(
        replace(
            samples.drift(status),
            dataset=HOSTILE,
            ref=f"{status.value} {HOSTILE}",
            location=HOSTILE,
            at=HOSTILE,
            message=HOSTILE,
            remedy=HOSTILE,
            pending=(migration,) * 3,
            extra=(HOSTILE,),
            touched=(HOSTILE,),
            problems=(MigrationProblem("gap", HOSTILE, HOSTILE),),
        )
        for status in DriftStatus
    )


def test_github_gets_an_error_for_each_drift_that_fails_and_a_notice_for_the_others() -> None:
    lines = github(samples.DRIFT_EVERY.drifts)
    assert [line.split(" ")[0] for line in lines] == ["::error"] * 6 + ["::notice"] * 2
    assert "7 of 8 datasets out of step" in lines[6]
    assert "title=tdmvc drift%3A ahead is ahead 1 (migrations main)" in lines[7]
    strict = github(samples.DRIFT_EVERY.drifts, frozenset(DriftStatus))
    assert sum(line.startswith("::error") for line in strict) == 7
    assert not any(line.startswith("::error") for line in github(samples.DRIFT_EVERY.drifts, frozenset()))


def test_an_annotation_of_drift_is_at_the_manifest_and_names_what_is_pending() -> None:
    golden = next(line for line in github(samples.DRIFT_EVERY.drifts) if " golden is behind 2" in line)
    assert "file=datasets/golden/dataset.yaml::" in golden
    assert "%0Apending ae1027a6acf add channel to orders (may affect orders)" in golden


def test_an_annotation_of_a_file_that_cannot_be_read_is_at_its_line() -> None:
    problem = MigrationProblem("unreadable-file", "It is no Python.", "db/versions/a, b.py", 12)
    (line, _) = github((replace(samples.drift(DriftStatus.UNREADABLE), problems=(problem,)),))
    assert ",file=db/versions/a%2C b.py,line=12::" in line


def test_each_problem_of_a_history_is_one_warning_for_all_datasets() -> None:
    both = tuple(replace(samples.DRIFT_HINT.drifts[2], ref=ref) for ref in ("a", "b"))
    warnings = [line for line in github(both) if line.startswith("::warning")]
    assert len(warnings) == 2
    assert "file=services/billing/src/main/resources/db/migration/V2__x.sql" in warnings[1]


def test_what_is_wrong_with_a_database_is_in_every_format() -> None:
    options = replace(OPTIONS, fail_on=DATABASE_FAIL_ON)
    report = database_samples.DRIFT_DATABASE
    lines = render_drift_github(report, options).splitlines()
    assert [line.split(" ")[0] for line in lines].count("::error") == 3
    assert any("file=datasets/golden/dataset.yaml" in line and "no such table" in line for line in lines)
    junit = render_drift_junit(report, options)
    assert faults(junit) == []
    suites = {suite.get("name"): suite.get("failures") for suite in ET.fromstring(junit)}
    assert suites == {database_samples.URL: "2", "golden": "1", "golden@1.0.0": "0"}
    markdown = render_drift_markdown(report, options)
    assert "the database has no such table." in markdown
    assert "`main` of the database" in markdown
    assert report.fails_on(DATABASE_FAIL_ON)
    assert not report.fails_on(frozenset())
    assert replace(report, drifts=()).fails_on({"schema"})
    assert not replace(report, drifts=(), findings=report.findings[2:]).fails_on(DATABASE_FAIL_ON)


def test_a_terminal_shows_the_problems_of_a_history_once() -> None:
    both = tuple(replace(samples.DRIFT_HINT.drifts[2], ref=ref) for ref in ("a", "b"))
    text = render_drift(DriftReport(both), OPTIONS)
    assert text.count("Two migrations are the newest.") == 1
    assert "\nmigrations main  2 problems\n" in text


def test_github_gets_ten_errors_and_the_number_of_the_others() -> None:
    many = tuple(samples.drift(DriftStatus.UNKNOWN, f"d{number}") for number in range(30))
    errors = [line for line in github(many) if line.startswith("::error")]
    assert len(errors) == 10
    assert "21 more errors" in errors[-1]


@pytest.mark.parametrize("drifts", [samples.DRIFT_EVERY.drifts, samples.DRIFT_HINT.drifts, hostile(), ()])
def test_a_strict_reader_of_junit_accepts_the_report(drifts: tuple[Drift, ...]) -> None:
    assert faults(render_drift_junit(DriftReport(drifts), OPTIONS)) == []


def test_a_strict_reader_of_junit_accepts_a_review_too() -> None:
    assert faults(render_review_junit(review_samples.BLOCKED, RenderOptions())) == []
    assert faults("<testsuites skipped='0'><testcase/></testsuites>")


def test_junit_has_a_suite_for_each_dataset_and_a_case_for_each_location() -> None:
    both = tuple(replace(d, location=loc) for loc in ("main", "billing") for d in samples.DRIFT_EVERY.drifts)
    root = ET.fromstring(render_drift_junit(DriftReport(both), OPTIONS))
    assert [suite.get("name") for suite in root] == [drift.ref for drift in samples.DRIFT_EVERY.drifts]
    golden = next(suite for suite in root if suite.get("name") == "golden")
    assert [case.get("name") for case in golden] == ["migrations main", "migrations billing"]
    assert (root.get("tests"), root.get("failures"), root.get("errors")) == ("16", "10", "2")
    failure = golden.find("testcase/failure")
    assert failure is not None
    assert failure.get("type") == "drift-behind"
    assert "pending 1b2c3d start (may affect customers, orders)" in str(failure.text)


def test_markdown_has_a_row_for_each_drift_worst_first_and_what_is_pending_below() -> None:
    text = render_drift_markdown(samples.DRIFT_EVERY, OPTIONS)
    rows = [line for line in text.splitlines() if line.startswith("| `")]
    assert [row.split("`")[1] for row in rows] == [
        *("unreadable", "unknown", "masked-eu", "golden", "golden@1.0.0", "edited", "ahead", "fits")
    ]
    assert "| **behind 2** |" in rows[3]
    assert "| ahead 1 |" in rows[6]
    assert "- pending `1b2c3d` start, may affect `customers`, `orders`" in text
    assert text.startswith("<!-- tdmvc-drift -->\n### ⛔ Drift\n")


def test_hostile_names_stay_names_in_every_format() -> None:
    drifts = hostile()
    lines = github(drifts)
    assert [line.split(" ")[0] for line in lines] == ["::error"] * 5 + ["::warning"] + ["::notice"] * 2
    for line in lines:
        properties = line.split("::")[1].removeprefix(line.split(" ")[0].strip(":") + " ")
        assert [word.partition("=")[0] for word in properties.split(",")] in (["title"], ["title", "file"])
    markdown = render_drift_markdown(DriftReport(drifts), OPTIONS)
    assert len([line for line in markdown.splitlines() if line.startswith("|")]) == 2 + len(drifts)
    shown = MarkdownIt("commonmark", {"html": True}).enable("table").render(markdown)
    assert "<b>" not in shown
    for text in (
        markdown.replace("\n", ""),
        render_drift(DriftReport(drifts), OPTIONS).replace("\n", ""),
    ):
        assert "\u202e" not in text
        assert all(ord(character) >= 32 for character in text)


def test_what_is_printed_can_be_encoded() -> None:
    drifts = hostile()
    for text in (
        render_drift_github(DriftReport(drifts), OPTIONS),
        render_drift_junit(DriftReport(drifts), OPTIONS),
        render_drift_markdown(DriftReport(drifts), OPTIONS),
        render_drift(DriftReport(drifts), replace(OPTIONS, color=True)),
    ):
        text.encode("utf-8")
