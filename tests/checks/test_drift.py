"""The drift check: every relation between a dataset and a schema."""

import pytest

from tdmvc.checks.drift import DriftSubject, SchemaRevision, check_drift, drift_findings
from tdmvc.errors import MigrationsError
from tdmvc.model.finding import Severity
from tdmvc.model.migration import (
    DEFAULT_FAIL_ON,
    DriftStatus,
    Migration,
    MigrationLocation,
    MigrationState,
    RecordedState,
)


def state(edges, *, heads=None, tool="alembic", digest="sha256:one", replaces=None, is_linear=False):
    """Build a state from {id: parents}, in the order given."""
    named = {parent for parents in edges.values() for parent in parents}
    replaces = replaces or {}
    return MigrationState(
        MigrationLocation("main", tool, "db"),
        tuple(sorted(heads if heads is not None else set(edges) - named)),
        tuple(
            Migration(i, i, f"db/{i}.py", tuple(p), replaces=replaces.get(i, ())) for i, p in edges.items()
        ),
        digest,
        is_linear=is_linear,
    )


def line(*ids, **more):
    return state({id_: ids[max(n - 1, 0) : n] for n, id_ in enumerate(ids)}, **more)


def recorded(*heads, tool="alembic", digest=None, count=None):
    return RecordedState(tool, heads, count, digest)


def drift(record, actual, **more):
    return check_drift(
        DriftSubject("golden", "golden@1.0.0", record), SchemaRevision(actual, "abc1234", **more)
    )


def test_the_same_heads_and_digest_are_in_step():
    found = drift(recorded("b", digest="sha256:one", count=2), line("a", "b"))
    assert found.status is DriftStatus.IN_STEP
    assert (found.expected_heads, found.actual_heads, found.location) == (("b",), ("b",), "main")
    assert found.pending == ()
    assert found.extra == ()


def test_the_order_of_heads_does_not_matter():
    assert drift(recorded("c", "b"), state({"a": [], "b": ["a"], "c": ["a"]})).status is DriftStatus.IN_STEP


def test_the_same_heads_with_another_digest_are_edited():
    found = drift(recorded("b", digest="sha256:other", count=2), line("a", "b"))
    assert found.status is DriftStatus.EDITED
    assert "a migration has been edited" in found.message


def test_a_migration_inserted_below_the_head_is_edited_with_both_counts():
    for digest in ("sha256:other", None):
        found = drift(
            recorded("2", tool="flyway", count=2, digest=digest), line("1", "1.5", "2", tool="flyway")
        )
        assert found.status is DriftStatus.EDITED
        assert "3 migrations, not 2" in found.message


def test_a_dataset_that_lacks_migrations_is_behind_and_lists_them_oldest_first():
    found = drift(recorded("a"), line("a", "z", "b"))
    assert found.status is DriftStatus.BEHIND
    assert [migration.id for migration in found.pending] == ["z", "b"]
    assert found.message == "2 migrations have not been applied to it: z, b."


def test_a_branch_that_the_dataset_lacks_is_pending():
    found = drift(recorded("b"), state({"a": [], "b": ["a"], "c": ["a"], "m": ["b", "c"]}))
    assert [migration.id for migration in found.pending] == ["c", "m"]


def test_an_older_revision_is_ahead_when_its_history_is_known():
    found = drift(recorded("c"), line("a"), history=lambda: line("a", "b", "c", "d"))
    assert found.status is DriftStatus.AHEAD
    assert found.extra == ("b", "c")


def test_two_branches_have_diverged():
    found = drift(recorded("b"), line("a", "x"), history=lambda: state({"a": [], "b": ["a"]}))
    assert found.status is DriftStatus.DIVERGED
    assert [migration.id for migration in found.pending] == ["x"]
    assert found.extra == ("b",)


def test_heads_that_do_not_exist_here_are_unknown_and_never_behind():
    for history in (None, line("a", "b")):
        found = drift(recorded("gone"), line("a", "b"), history=lambda known=history: known)
        assert found.status is DriftStatus.UNKNOWN
        assert "gone" in found.message
        assert found.pending == ()


def test_one_unknown_head_among_known_ones_is_unknown():
    assert drift(recorded("a", "gone"), line("a", "b")).status is DriftStatus.UNKNOWN


def test_a_greater_number_is_ahead_in_a_tool_that_numbers_its_migrations():
    found = drift(recorded("1.10"), line("1.2", "1.9", is_linear=True))
    assert found.status is DriftStatus.AHEAD
    assert found.extra == ("1.10",)


@pytest.mark.parametrize(
    ("head", "ids", "is_linear"),
    [
        ("1.5", ("1.2", "1.9"), True),
        ("x9", ("1",), True),
        ("9", ("a", "b"), True),
        ("9", ("1",), False),
    ],
)
def test_a_head_that_is_not_plainly_greater_is_unknown(head, ids, is_linear):
    assert drift(recorded(head), line(*ids, is_linear=is_linear)).status is DriftStatus.UNKNOWN


def test_a_head_with_very_many_digits_is_unknown():
    assert drift(recorded("9" * 10_000, tool="sql"), line("1", tool="sql")).status is DriftStatus.UNKNOWN


def test_another_tool_is_unknown_even_with_equal_heads():
    assert drift(recorded("1", tool="sql"), line("1", tool="flyway")).status is DriftStatus.UNKNOWN


@pytest.mark.parametrize("record", [None, RecordedState("alembic", ())])
def test_nothing_recorded_is_unknown_and_names_the_command(record):
    found = drift(record, line("a"))
    assert found.status is DriftStatus.UNKNOWN
    assert "`tdmvc add golden --migrated`" in found.message


def test_migrations_that_cannot_be_read_are_unreadable_and_name_the_file():
    error = MigrationsError.at("It is broken.", "db/a.py", line=3)
    found = drift(recorded("a"), error, location="main")
    assert found.status is DriftStatus.UNREADABLE
    assert (found.location, found.actual_heads, found.expected_heads) == ("main", ("a",), ())
    assert "db/a.py, line 3" in found.message
    assert (found.problems[0].path, found.problems[0].line) == ("db/a.py", 3)


def squashed(*, files):
    """Migrations 1 to 3, squashed into s, and 4 after them."""
    edges = {"1": [], "2": ["1"], "3": ["2"]} if files else {}
    edges |= {"s": [], "4": ["3" if files else "s"]}
    return state(edges, heads=["4"], tool="django", replaces={"s": ("1", "2", "3")})


@pytest.mark.parametrize("files", [True, False])
def test_a_dataset_from_before_a_squash_lacks_only_what_follows_it(files):
    found = drift(recorded("3", tool="django"), squashed(files=files))
    assert found.status is DriftStatus.BEHIND
    assert [migration.id for migration in found.pending] == ["4"]


def test_a_dataset_in_the_middle_of_a_squash_lacks_the_rest_of_it():
    found = drift(recorded("1", tool="django"), squashed(files=True))
    assert [migration.id for migration in found.pending] == ["2", "3", "4"]
    assert "s is half applied: the dataset has 1 of it, but not 2, 3." in found.message
    assert "removed" not in found.message + found.remedy
    gone = drift(recorded("1", tool="django"), squashed(files=False))
    assert [migration.id for migration in gone.pending] == ["s", "4"]
    assert (
        "s is half applied: the dataset has 1 of it, but not 2, 3, and these files were removed"
        in gone.message
    )
    assert "at a revision that still has its files" in gone.remedy


@pytest.mark.parametrize("files", [True, False])
@pytest.mark.parametrize(
    ("heads", "ids"), [(("2",), ()), (("2",), ("1", "2")), (("2", "x"), ("1", "2", "x"))]
)
def test_a_head_inside_a_squash_says_which_half_is_missing(files, heads, ids):
    here = squashed(files=files)
    edges = {"x": [], **{m.id: m.parents for m in here.migrations}}
    here = state(edges, heads=["4", "x"], tool="django", replaces={"s": ("1", "2", "3")})
    found = drift(RecordedState("django", heads, ids=ids), here)
    assert found.status is DriftStatus.BEHIND
    assert "s is half applied: the dataset has 1, 2 of it, but not 3" in found.message


@pytest.mark.parametrize("files", [True, False])
@pytest.mark.parametrize("head", ["3", "s"])
def test_a_squash_that_is_applied_as_a_whole_is_not_half_applied(files, head):
    assert "half" not in drift(recorded(head, tool="django"), squashed(files=files)).message


def test_a_dataset_that_has_nothing_of_a_squash_lacks_only_the_squash():
    here = squashed(files=True)
    other = state(
        {"x": [], **{m.id: m.parents for m in here.migrations}},
        tool="django",
        replaces={"s": ("1", "2", "3")},
    )
    found = drift(recorded("x", tool="django"), other)
    assert [migration.id for migration in found.pending] == ["s", "4"]


@pytest.mark.parametrize("files", [True, False])
def test_a_squash_without_more_is_in_step(files):
    edges = {"1": [], "2": ["1"]} if files else {}
    here = state(edges | {"s": []}, heads=["s"], tool="django", replaces={"s": ("1", "2")})
    assert drift(recorded("2", tool="django"), here).status is DriftStatus.IN_STEP
    before = line("1", "2", tool="django")
    assert drift(recorded("s", tool="django"), before, history=lambda: here).status is DriftStatus.IN_STEP


def test_an_old_revision_lacks_what_a_squash_replaces():
    here = state({"s": []}, tool="django", replaces={"s": ("1", "2", "3")})
    found = drift(recorded("s", tool="django"), line("1", tool="django"), history=lambda: here)
    assert found.status is DriftStatus.AHEAD
    assert found.extra == ("2", "3")


def test_a_long_chain_needs_no_recursion():
    ids = [f"{number:06d}" for number in range(10_000)]
    assert len(drift(recorded(ids[0]), line(*ids)).pending) == 9_999


def test_statuses_that_fail_the_build_become_findings():
    drifts = [
        drift(recorded("b"), line("a", "b")),
        drift(recorded("a"), line("a", "b")),
        drift(recorded("b"), line("a"), history=lambda: line("a", "b")),
    ]
    (finding,) = drift_findings(drifts)
    assert (finding.rule, finding.severity, finding.dataset) == ("drift-behind", Severity.ERROR, "golden")
    assert finding.details["pending"] == ["b"]
    assert finding.message == "golden@1.0.0 at abc1234: 1 migration has not been applied to it: b."
    assert [f.rule for f in drift_findings(drifts, {DriftStatus.AHEAD})] == ["drift-ahead"]
    assert drift_findings(drifts, ()) == ()


def test_everything_but_in_step_and_ahead_fails_by_default():
    assert set(DriftStatus) - DEFAULT_FAIL_ON == {DriftStatus.IN_STEP, DriftStatus.AHEAD}
