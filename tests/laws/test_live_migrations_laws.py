"""What a database has, what a dataset was made for, and what the files have: one arithmetic of sets of ids."""

from collections.abc import Sequence

from hypothesis import given
from hypothesis import strategies as st

from tdmvc.checks.drift import DriftSubject, SchemaRevision, check_drift
from tdmvc.migrations.migration_tables import find_migration_tables
from tdmvc.model.live_migrations import AppliedStatus
from tdmvc.model.migration import DriftKind, DriftStatus, Migration, MigrationLocation, MigrationState
from tdmvc.workspace.drift import RecordedSubject
from tdmvc.workspace.live_drift import compare_with_database
from tdmvc.workspace.live_migrations import LiveTables
from tdmvc.workspace.live_state import LiveState
from tdmvc.workspace.migration_fits import MigrationRows, fit_tables

NOT_RUN = {AppliedStatus.PENDING, AppliedStatus.SKIPPED}


@st.composite
def histories(draw: st.DrawFn) -> MigrationState:
    """A history in numbers, or that of two Django applications whose migrations depend on earlier ones of both."""
    count = draw(st.integers(1, 8))
    if draw(st.booleans()):
        ids = [str(n) for n in range(1, count + 1)]
        migrations = [Migration(id_, id_, id_, ids[max(n - 1, 0) : n]) for n, id_ in enumerate(ids)]
        return _state("rails", migrations, is_linear=True)
    migrations = []
    for n in range(count):
        app = draw(st.sampled_from(["shop", "mail"]))
        last = [one.id for one in migrations if one.id.startswith(app)][-1:]
        others = (
            draw(st.sets(st.sampled_from([one.id for one in migrations]), max_size=2))
            if migrations
            else set()
        )
        migrations.append(Migration(f"{app}.{n:04}", str(n), str(n), tuple({*last, *others})))
    return _state("django", migrations, is_per_app=True)


def _state(tool: str, migrations: Sequence[Migration], **facts: bool) -> MigrationState:
    parents = {parent for migration in migrations for parent in migration.parents}
    heads = tuple(sorted(m.id for m in migrations if m.id not in parents))
    fixed = tuple(Migration(m.id, m.name, m.path, tuple(m.parents)) for m in migrations)
    return MigrationState(MigrationLocation("main", tool, "db"), heads, fixed, "", **facts)


def database(state: MigrationState, applied: Sequence[str]) -> LiveState:
    """Return the state of a database in whose table these ids are."""
    if state.is_per_app:
        rows = [
            {"id": n, "app": id_.split(".")[0], "name": id_.split(".")[1]} for n, id_ in enumerate(applied)
        ]
        name, columns = "django_migrations", ["id", "app", "name"]
    else:
        rows = [{"version": id_} for id_ in applied]
        name, columns = "schema_migrations", ["version"]
    [kind] = find_migration_tables({name: columns}).values()
    tables = (MigrationRows(name, kind, rows),)
    return LiveState("url", {"main": state}, fit_tables(tables, {"main": state}), LiveTables(tables))


def subsets(state: MigrationState, *, least: int = 0) -> st.SearchStrategy[list[str]]:
    return st.permutations([m.id for m in state.migrations]).flatmap(
        lambda ids: st.integers(least, len(ids)).map(lambda count: ids[:count])
    )


@given(st.data())
def test_each_migration_has_one_status_and_drift_lists_those_that_were_not_run(data: st.DataObject) -> None:
    state = data.draw(histories())
    applied = data.draw(subsets(state))
    live = database(state, applied)
    found = live.location("main")
    assert [one.id for one in found.migrations] == [one.id for one in state.migrations]
    assert {one.id for one in found.migrations if one.status is AppliedStatus.APPLIED} == set(applied)
    recorded = live.tables.by_location["main"].fit.recorded
    drift = check_drift(
        DriftSubject("", "url", recorded, kind=DriftKind.DATABASE), SchemaRevision(state, "HEAD")
    )
    assert {one.id for one in drift.pending} == {one.id for one in found.migrations if one.status in NOT_RUN}
    assert (drift.status is DriftStatus.IN_STEP) == (len(applied) == len(state.migrations))


@given(st.data())
def test_a_dataset_lacks_what_a_database_has_beyond_it_and_the_reverse(data: st.DataObject) -> None:
    state = data.draw(histories())
    there, here = data.draw(subsets(state)), data.draw(subsets(state, least=1))
    recorded = database(state, here).tables.by_location["main"].fit.recorded
    subject = RecordedSubject("golden", "golden", {"main": recorded})
    [drift] = compare_with_database(subject, database(state, there))
    assert {one.id for one in drift.pending} == set(there) - set(here)
    assert set(drift.extra) == set(here) - set(there)
    assert (drift.status is DriftStatus.IN_STEP) == (set(there) == set(here))
