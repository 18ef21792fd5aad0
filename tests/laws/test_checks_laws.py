"""The law of drift: what is pending and what is extra are the two differences of what was seen."""

from hypothesis import given
from hypothesis import strategies as st

from tdmvc.checks.drift import DriftSubject, SchemaRevision, check_drift
from tdmvc.model.migration import DriftStatus, Migration, MigrationLocation, MigrationState, RecordedState

LOCATION = MigrationLocation("main", "alembic", "db")


@st.composite
def histories(draw):
    """A history as {id: parents}, parents first, and two sets of migrations that hold their parents."""
    count = draw(st.integers(1, 12))
    edges = {}
    for number in range(count):
        parents = draw(st.sets(st.integers(0, number - 1), max_size=3)) if number else set()
        edges[f"m{number:02d}"] = sorted(f"m{parent:02d}" for parent in parents)
    picks = [draw(st.sets(st.sampled_from(sorted(edges)), min_size=1)) for _ in range(2)]
    return edges, *(_closed(pick, edges) for pick in picks)


def _closed(picked, edges):
    found = set()
    for id_ in sorted(edges, reverse=True):
        if id_ in picked or any(id_ in edges[child] for child in found):
            found.add(id_)
    return found


def _state(edges, ids):
    kept = [id_ for id_ in edges if id_ in ids]
    return MigrationState(
        LOCATION,
        _heads(edges, ids),
        tuple(Migration(i, i, f"{i}.py", tuple(edges[i])) for i in kept),
        "sha256:x",
    )


def _heads(edges, ids):
    return tuple(sorted(id_ for id_ in ids if not any(id_ in edges[other] for other in ids)))


@given(histories())
def test_drift_is_the_difference_of_the_migrations(case):
    edges, dataset, schema = case
    found = check_drift(
        DriftSubject("golden", "golden", RecordedState("alembic", _heads(edges, dataset))),
        SchemaRevision(_state(edges, schema), at="HEAD", history=lambda: _state(edges, set(edges))),
    )
    assert [migration.id for migration in found.pending] == sorted(schema - dataset)
    assert list(found.extra) == sorted(dataset - schema)
    expected = {
        (False, False): DriftStatus.IN_STEP,
        (True, False): DriftStatus.BEHIND,
        (False, True): DriftStatus.AHEAD,
        (True, True): DriftStatus.DIVERGED,
    }
    assert found.status is expected[bool(schema - dataset), bool(dataset - schema)]


@given(histories())
def test_without_history_a_dataset_is_never_behind_migrations_that_it_may_have(case):
    edges, dataset, schema = case
    heads = _heads(edges, dataset)
    found = check_drift(
        DriftSubject("golden", "golden", RecordedState("alembic", heads)),
        SchemaRevision(_state(edges, schema), at="HEAD"),
    )
    if dataset <= schema:
        assert [migration.id for migration in found.pending] == sorted(schema - dataset)
    else:
        assert found.status is DriftStatus.UNKNOWN
        assert found.pending == ()
