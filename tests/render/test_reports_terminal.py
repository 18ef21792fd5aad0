import re
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from tdmvc.model.diff import TableStatus
from tdmvc.model.finding import Finding, Severity
from tdmvc.model.migration import Migration, MigrationsReport, MigrationState
from tdmvc.model.report import QueryResult
from tdmvc.render import drift, history, merge, migrations
from tdmvc.render.format import Formats, RenderOptions
from tdmvc.render.migrations.terminal import render as render_migrations
from tdmvc.render.page import names
from tdmvc.render.reports.add import ADD_FORMATS, INIT_FORMATS, render_add
from tdmvc.render.reports.gc import GC_FORMATS
from tdmvc.render.reports.query import QUERY_FORMATS
from tdmvc.render.reports.query import render as render_query
from tdmvc.render.reports.seed import SEED_FORMATS
from tdmvc.render.reports.status import STATUS_FORMATS
from tdmvc.render.reports.status import render as render_status
from tdmvc.render.reports.transfer import CHECKOUT_FORMATS, TRANSFER_FORMATS, VERIFY_FORMATS
from tdmvc.render.reports.versions import LIST_FORMATS, PUBLISH_FORMATS, SHOW_FORMATS, render_show
from tdmvc.render.terminal import display_width
from tdmvc.render.text import size
from tdmvc.render.wording import title_of
from tests.render import database_samples, history_samples, seed_samples
from tests.render import report_samples as samples

CASES: dict[str, tuple[Formats[Any], tuple[str, ...]]] = {
    "init": (INIT_FORMATS, ("INIT_NEW", "INIT_AGAIN")),
    "add": (ADD_FORMATS, ("ADD_MIXED", "ADD_SAME")),
    "status": (STATUS_FORMATS, ("STATUS_CLEAN", "STATUS_MIXED", "STATUS_CONFLICT", "STATUS_EMPTY")),
    "list": (LIST_FORMATS, ("LIST_MANY", "LIST_ONE", "LIST_UNPUBLISHED")),
    "show": (SHOW_FORMATS, ("SHOW_VERSION", "SHOW_WORK", "SHOW_WIDE")),
    "publish": (PUBLISH_FORMATS, ("PUBLISH_PLAIN", "PUBLISH_TAGGED")),
    "checkout": (
        CHECKOUT_FORMATS,
        ("CHECKOUT_ONE", "CHECKOUT_INTO", "CHECKOUT_RELEASE", "CHECKOUT_PARTLY"),
    ),
    "seed": (SEED_FORMATS, ("SEED_ONE", "SEED_TWO", "SEED_SAME", "SEED_WOULD", "SEED_REFUSED")),
    "transfer": (TRANSFER_FORMATS, ("PUSH_SOME", "PUSH_NONE", "PULL_SOME", "PULL_NONE")),
    "resolve": (
        merge.RESOLVE_FORMATS,
        ("RESOLVE_LEFT", "RESOLVE_DECIDED", "RESOLVE_DONE", "RESOLVE_OTHERS", "RESOLVE_NONE"),
    ),
    "verify": (VERIFY_FORMATS, ("VERIFY_WHOLE", "VERIFY_BROKEN")),
    "gc": (GC_FORMATS, ("GC_WOULD", "GC_REMOVED", "GC_NOTHING", "GC_REFUSED")),
    "sql": (QUERY_FORMATS, ("QUERY", "QUERY_ODD", "QUERY_WIDE", "QUERY_DONE")),
    "migrations": (migrations.FORMATS, ("MIGRATIONS", "MIGRATIONS_PARTLY", "MIGRATIONS_DATABASE")),
    "drift": (drift.FORMATS, ("DRIFT_FITS", "DRIFT_EVERY", "DRIFT_HINT", "DRIFT_DATABASE")),
    "log": (history.LOG_FORMATS, ("LOG_DATASET", "LOG_TABLE", "LOG_VERSIONS", "LOG_NOTHING")),
    "row-log": (history.ROW_LOG_FORMATS, ("ROW_LOG", "ROW_LOG_STILL")),
    "blame": (history.BLAME_FORMATS, ("BLAME_ROW", "BLAME_ROWS", "BLAME_VERSIONS", "BLAME_NONE")),
}


def sample(name: str) -> Any:
    """A report by its name, wherever it is kept."""
    places = (samples, history_samples, database_samples, seed_samples)
    return next(getattr(place, name) for place in places if hasattr(place, name))


PAIRS = [(verb, name) for verb, (_, names_) in CASES.items() for name in names_]
ESCAPE = re.compile(r"\x1b\[[0-9;]*m")


def rendered(verb: str, name: str, *, color: bool = False, width: int = 80) -> str:
    return CASES[verb][0]["terminal"].render(sample(name), RenderOptions(color=color, width=width))


@pytest.mark.parametrize("verb", CASES)
def test_a_report_equals_its_golden_file(verb: str, golden: Callable[[str, str], None]) -> None:
    pages = [f"# {name.lower()}\n{rendered(verb, name)}" for name in CASES[verb][1]]
    golden(f"report_{verb}", "\n".join(pages))


@pytest.mark.parametrize("width", [60, 80, 120])
@pytest.mark.parametrize(("verb", "name"), PAIRS)
def test_no_line_is_wider_than_the_width(verb: str, name: str, width: int) -> None:
    lines = rendered(verb, name, width=width).split("\n")
    commands = {line for line in lines if line.startswith("  git ") or line.startswith("  tdmvc ")}
    assert [line for line in lines if display_width(line) > width and line not in commands] == []


@pytest.mark.parametrize(("verb", "name"), PAIRS)
def test_colours_change_nothing_but_the_colours(verb: str, name: str) -> None:
    plain, colored = rendered(verb, name), rendered(verb, name, color=True)
    assert "\x1b" not in plain
    assert ESCAPE.sub("", colored) == plain
    assert name == "QUERY_DONE" or ESCAPE.search(colored)


@pytest.mark.parametrize(("verb", "name"), PAIRS)
def test_a_report_ends_with_one_newline_and_no_trailing_spaces(verb: str, name: str) -> None:
    text = rendered(verb, name)
    assert text.endswith("\n")
    assert not text.endswith("\n\n")
    assert [line for line in text.split("\n") if line != line.rstrip()] == []


def next_commands(text: str) -> list[str]:
    _, _, steps = text.partition("\nNext:\n")
    return [re.split(r"\s{2,}", line.strip())[0] for line in steps.splitlines()]


def test_after_init_comes_the_first_add() -> None:
    assert next_commands(rendered("init", "INIT_NEW")) == [
        "git add .dvc .dvcignore tdmvc.yaml && git commit",
        "tdmvc add golden SOURCE",
        "dvc remote add -d NAME URL",
    ]
    assert next_commands(rendered("init", "INIT_AGAIN")) == ["tdmvc add golden SOURCE"]


def test_after_add_come_diff_and_commit() -> None:
    assert next_commands(rendered("add", "ADD_MIXED")) == [
        "tdmvc diff golden",
        "git add datasets/golden && git commit",
    ]


def test_an_add_that_changed_nothing_suggests_nothing() -> None:
    text = rendered("add", "ADD_SAME")
    assert "nothing changed in 1 table" in text
    assert next_commands(text) == []


def test_an_add_of_nothing_is_reported() -> None:
    report = replace(samples.ADD_SAME, tables=())
    assert render_add(report, RenderOptions(width=80)) == "golden: nothing to add\n"


def test_status_names_the_command_for_each_kind_of_open_work() -> None:
    assert next_commands(rendered("status", "STATUS_MIXED")) == [
        "tdmvc add masked-eu",
        "tdmvc checkout masked-eu",
        "tdmvc checkout shapes",
        "git status",
        "tdmvc push",
    ]
    assert next_commands(rendered("status", "STATUS_CLEAN")) == []
    assert next_commands(rendered("status", "STATUS_EMPTY")) == ["tdmvc add golden SOURCE"]


def test_uncommitted_work_suggests_a_diff_and_a_commit() -> None:
    table = replace(samples.CLEAN_STATUS.tables[0], since_head=TableStatus.CHANGED)
    dataset = replace(samples.CLEAN_STATUS, tables=(table,))
    text = render_status(replace(samples.STATUS_CLEAN, datasets=(dataset,)), RenderOptions(width=80))
    assert text.startswith("Not clean: 1 of 1 dataset;")
    assert next_commands(text) == ["tdmvc diff golden"]
    assert "git commit" in text


def test_conflicts_of_a_merge_are_resolved_first() -> None:
    assert next_commands(rendered("status", "STATUS_CONFLICT")) == [
        "tdmvc resolve golden",
        "tdmvc resolve reference",
    ]
    assert next_commands(rendered("resolve", "RESOLVE_LEFT", width=120))[:2] == [
        "tdmvc resolve golden orders --theirs --key 7,EU",
        "tdmvc resolve golden orders --ours",
    ]
    assert next_commands(rendered("resolve", "RESOLVE_DONE"))[0] == "git rebase --continue"
    assert next_commands(rendered("resolve", "RESOLVE_OTHERS"))[0] == "git status"
    assert next_commands(rendered("resolve", "RESOLVE_NONE")) == []


def test_resolved_conflicts_are_not_shown_as_left() -> None:
    text = rendered("resolve", "RESOLVE_DECIDED")
    assert "email" in text
    assert "status" not in text


def test_a_table_that_was_removed_is_not_called_missing() -> None:
    text = rendered("status", "STATUS_MIXED")
    assert re.search(r"removed +drafts", text)
    assert re.search(r"missing +genres", text)


def test_a_version_without_a_tag_is_to_be_committed() -> None:
    assert next_commands(rendered("publish", "PUBLISH_PLAIN", width=120)) == [
        "git add datasets/golden dvc.yaml && git commit -m 'Publish golden@3.2.0'",
        "tdmvc push golden@3.2.0",
    ]
    assert next_commands(rendered("publish", "PUBLISH_TAGGED")) == ["git push --follow-tags"]


def test_a_lower_bump_than_the_changes_require_is_reported() -> None:
    assert "minor, after 3.1.1; lower than the changes call for (major)" in rendered(
        "publish", "PUBLISH_PLAIN"
    )
    assert "content equals version 3.1.0" in rendered("publish", "PUBLISH_TAGGED")


def test_an_inferred_release_differs_from_a_declared_one() -> None:
    text = rendered("checkout", "CHECKOUT_RELEASE", width=120)
    assert "2.14.0, declared by the version" in text
    assert "2.14.0, inferred from the migration state" in text


def test_a_state_that_is_not_intact_comes_first_with_the_pull_command() -> None:
    text = rendered("verify", "VERIFY_BROKEN")
    assert text.startswith("Not intact: 1 error, 1 warning, 1 remark in 2 states\n  not intact  golden@3.2.0")
    assert text.index("error not-on-remote") < text.index("warning tag") < text.index("info remark")
    assert next_commands(text) == ["tdmvc pull golden@3.2.0"]


def test_drift_comes_worst_first_and_counts_what_is_pending() -> None:
    text = rendered("drift", "DRIFT_EVERY")
    assert text.startswith("Drift: 7 of 8 datasets out of step with the migrations of the work tree\n")
    order = [
        "unreadable",
        "unknown",
        "masked-eu",
        "golden",
        "golden@1.0.0",
        "edited",
        "ahead",
        "  in-step  fits",
    ]
    places = [text.index(f"\n{name}  " if not name.startswith(" ") else f"\n{name}") for name in order]
    assert places == sorted(places)
    assert "golden@1.0.0  behind 14" in text
    assert "… and 4 more" in text


def test_only_working_copies_get_a_command_against_drift() -> None:
    commands = next_commands(rendered("drift", "DRIFT_EVERY"))
    assert commands == [
        "tdmvc add unknown",
        "tdmvc add masked-eu SOURCE",
        "tdmvc add golden SOURCE",
        "tdmvc add edited",
        "tdmvc checkout --release RELEASE ahead",
    ]


def test_numbers_and_times_are_never_cut_in_a_grid() -> None:
    text = rendered("sql", "QUERY", width=80)
    assert str(2**60) in text
    assert "1999-12-31 23:59:59Z" in text


def test_columns_that_do_not_fit_are_counted() -> None:
    text = rendered("sql", "QUERY_WIDE", width=60)
    shown = text.split("\n")[0].split()
    assert text.rstrip().endswith(f"1 row, {40 - len(shown)} of 40 columns not shown")


def test_a_null_and_an_empty_text_look_different_in_a_grid() -> None:
    result = QueryResult(("a", "b"), ("VARCHAR", "VARCHAR"), ((None, ""),))
    assert render_query(result, RenderOptions(width=80)).split("\n")[2].split() == ["NULL", "''"]


def test_a_table_with_many_columns_is_folded() -> None:
    columns = tuple(replace(samples.CUSTOMERS.columns[0], name=f"c{number}") for number in range(100))
    schema = replace(samples.CUSTOMERS, columns=columns, key=())
    report = replace(samples.SHOW_WORK, tables=(replace(samples.SHOW_WORK.tables[0], schema=schema),))
    text = render_show(report, RenderOptions(width=80))
    assert "  c59 " in text
    assert "  c60 " not in text
    assert "… and 40 more" in text
    assert "no key" in text


def test_a_finding_names_its_table_if_the_message_does_not() -> None:
    finding = Finding("bare", Severity.WARNING, "Two rows are alike.", "golden", "orders")
    text = render_add(replace(samples.ADD_SAME, findings=(finding,)), RenderOptions(width=80))
    assert "warning bare: orders: Two rows are alike." in text


@pytest.mark.parametrize(
    ("count", "text"),
    [
        (0, "0 B"),
        (999, "999 B"),
        (1000, "1.0 kB"),
        (9_949, "9.9 kB"),
        (9_950, "10 kB"),
        (118_230, "118 kB"),
        (999_499, "999 kB"),
        (999_500, "1.0 MB"),
        (88_120_394, "88 MB"),
        (10**12, "1.0 TB"),
        (10**19, "10,000 PB"),
    ],
)
def test_sizes_read_in_the_unit_that_fits(count: int, text: str) -> None:
    assert size(count) == text


def test_long_lists_of_names_are_folded_within_the_room() -> None:
    assert names(["a", "b"], 40) == "a, b"
    folded = names([f"table_{number}" for number in range(100)], 40)
    assert folded == "table_0, table_1, table_2, … and 97 more"
    assert display_width(folded) <= 40


HOSTILE = "x\x1b[31m\n\u202egone\ttable"


def hostile(value: Any) -> Any:
    """Put hostile text into every text of a report, however deep."""
    if isinstance(value, str) and type(value) is str:
        return HOSTILE
    if isinstance(value, tuple):
        return tuple(hostile(item) for item in value)
    if isinstance(value, dict):
        return {hostile(name): hostile(item) for name, item in value.items()}
    fields = getattr(value, "__dataclass_fields__", {})
    if fields:
        return replace(value, **{name: hostile(getattr(value, name)) for name in fields})
    return value


@pytest.mark.parametrize("width", [1, 40, 80])
@pytest.mark.parametrize(("verb", "name"), PAIRS)
def test_hostile_texts_stay_text(verb: str, name: str, width: int) -> None:
    text = CASES[verb][0]["terminal"].render(hostile(sample(name)), RenderOptions(width=width))
    assert "\x1b" not in text
    assert "\u202e" not in text
    assert "\t" not in text
    assert "gone\ttable" not in text


def test_a_line_break_in_a_name_makes_no_line() -> None:
    report = replace(samples.ADD_SAME, dataset="a\nb")
    assert render_add(report, RenderOptions(width=80)).startswith("a␊b: nothing changed")


LONG = Migration(
    "config/liquibase/changelog/20240101_customers.xml::20240101120000-1-add-locale-to-customer::ada",
    "20240101120000-1-add-locale-to-customer",
    "changelog.xml",
    touches=("customers",),
)


def test_a_long_id_has_a_line_of_its_own_and_a_name_in_it_is_not_repeated() -> None:
    state = MigrationState(samples.MAIN, (LONG.id,), (LONG,), samples.SHA)
    lines = render_migrations(MigrationsReport((state,)), RenderOptions(width=120)).splitlines()
    assert lines[-2:] == [f"  head    {LONG.id}", "          may affect customers"]
    narrow = render_migrations(MigrationsReport((state,)), RenderOptions(width=60)).splitlines()
    assert max(map(display_width, narrow)) <= 60
    assert narrow[-1] == "          may affect customers"


@pytest.mark.parametrize(
    ("id_", "name", "title"),
    [
        ("20210605225507_init_all", "init all", ""),
        ("20240101120000_pages.js", "20240101120000_pages", ""),
        ("shop.0002_more", "0002_more", ""),
        ("20231009153249_Initial", "initial", ""),
        ("7", "", ""),
        ("AddOrders1700000000000", "AddOrders", ""),
        ("ae1027a6acf", "add channel", "add channel"),
        ("12", "2", "2"),
        ("0006", "create table", "create table"),
    ],
)
def test_a_name_is_shown_if_the_id_does_not_contain_it(id_: str, name: str, title: str) -> None:
    assert title_of(Migration(id_, name, "x")) == title
