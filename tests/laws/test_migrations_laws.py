"""The laws of reading migrations: the readers find what the tools themselves find."""

import tempfile
import warnings
from pathlib import Path

from alembic.script import ScriptDirectory
from django.db.migrations.exceptions import CircularDependencyError, NodeNotFoundError
from django.db.migrations.loader import MigrationLoader
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from tdmvc.checks.drift import DriftSubject, SchemaRevision, check_drift
from tdmvc.migrations import read_state
from tdmvc.migrations.base import ContentDigest
from tdmvc.migrations.graph import find_cycle, find_heads, order_ids
from tdmvc.migrations.linear import natural_rank
from tdmvc.model.migration import MigrationLocation, RecordedState
from tests.builders import MemoryTree
from tests.series import trials


@st.composite
def alembic_files(draw):
    """Random revision files: branches, merges, labels and dependencies, in every notation."""
    files = {}
    labels: dict[str, str] = {}
    for number in range(draw(st.integers(1, 10))):
        earlier = (
            st.sets(st.integers(0, number - 1).map("r{:03d}".format), max_size=3)
            if number
            else st.just(set())
        )
        down = sorted(draw(earlier))
        depends = sorted(draw(earlier) - set(down)) if draw(st.booleans()) else []
        named = {id_: label for label, id_ in labels.items()}
        depends = [named[d] if d in named and draw(st.booleans()) else d for d in depends]
        spelled = draw(st.sampled_from([tuple, list]))(down)
        if len(down) < 2 and draw(st.booleans()):
            spelled = down[0] if down else None
        note = draw(st.sampled_from(["", ": str", ": Union[str, None]"]))
        text = (
            f"from typing import Union\nrevision{note} = 'r{number:03d}'\ndown_revision{note} = {spelled!r}\n"
        )
        if depends:
            text += f"depends_on = {draw(st.sampled_from([tuple, list]))(depends)!r}\n"
        if not down and draw(st.booleans()):
            # A label belongs to everything after it, so only the beginning of a branch has one here.
            labels[f"label{number}"] = f"r{number:03d}"
            text += (
                f"branch_labels{note} = {draw(st.sampled_from([(f'label{number}',), f'label{number}']))!r}\n"
            )
        files[f"db/versions/{draw(st.integers(0, 99))}_{number}.py"] = text
    return files


@settings(max_examples=trials(80, 30), deadline=None)
@given(alembic_files())
def test_alembic_heads_parents_and_order_are_those_of_alembic_itself(files):
    with tempfile.TemporaryDirectory() as folder, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        (Path(folder) / "db" / "versions").mkdir(parents=True)
        for path, text in files.items():
            (Path(folder) / path).write_text(text)
        script = ScriptDirectory(f"{folder}/db")
        heads, bases = script.get_heads(), script.get_bases()
        branches = {frozenset(script.get_revision(head).branch_labels) for head in heads}
        walked = [revision.revision for revision in script.walk_revisions()]
        parents = {
            id_: {
                *script.get_revision(id_)._versioned_down_revisions,
                *script.get_revision(id_)._resolved_dependencies,
            }
            for id_ in walked
        }
    state = read_state(MemoryTree(files), MigrationLocation("main", "alembic", "db"))
    assert list(state.heads) == sorted(heads)
    assert sorted(m.id for m in state.migrations) == sorted(walked)
    assert {m.id: set(m.parents) for m in state.migrations} == parents
    assert {m.id for m in state.migrations if not m.parents} <= set(bases)
    rank = {migration.id: position for position, migration in enumerate(state.migrations)}
    assert all(rank[parent] < rank[m.id] for m in state.migrations for parent in m.parents)
    # Heads of branches with labels of their own are meant to be several.
    assert [problem.kind for problem in state.problems] == ["several-heads"] * (len(heads) > len(branches))


@settings(max_examples=trials(60, 25), deadline=None)
@given(alembic_files(), st.data())
def test_pending_migrations_are_those_that_alembic_would_run(files, data):
    state = read_state(MemoryTree(files), MigrationLocation("main", "alembic", "db"))
    start = data.draw(st.sampled_from([migration.id for migration in state.migrations]))
    with tempfile.TemporaryDirectory() as folder, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        (Path(folder) / "db" / "versions").mkdir(parents=True)
        for path, text in files.items():
            (Path(folder) / path).write_text(text)
        script = ScriptDirectory(f"{folder}/db")
        wanted = {
            revision.revision for revision in script.iterate_revisions("heads", start, implicit_base=True)
        }
    drift = check_drift(
        DriftSubject("d", "d", RecordedState("alembic", (start,))), SchemaRevision(state, at="abc1234")
    )
    pending = [migration.id for migration in drift.pending]
    seen = {start}
    for migration in reversed(state.migrations):
        if migration.id in seen:
            seen.update(migration.parents)
    assert set(pending) == {migration.id for migration in state.migrations} - seen
    # Alembic leaves out what only a dependency leads to, and what was run on another branch.
    assert set(pending) >= wanted - seen
    rank = {id_: position for position, id_ in enumerate(pending)}
    by_id = {migration.id: migration for migration in state.migrations}
    assert all(rank[p] < rank[id_] for id_ in pending for p in by_id[id_].parents if p in rank)


class LoaderOfTexts(MigrationLoader):
    """Django's own loader, with files from memory instead of installed applications."""

    def __init__(self, files: dict[str, str]) -> None:
        self._texts = files
        super().__init__(None)

    def load_disk(self) -> None:
        self.disk_migrations = {}
        self.unmigrated_apps = set()
        self.migrated_apps = set()
        for path, text in self._texts.items():
            app, _, name = path.removesuffix(".py").split("/")
            module: dict[str, object] = {"__name__": path}
            exec(text, module)
            self.migrated_apps.add(app)
            self.disk_migrations[app, name] = module["Migration"](name, app)


@st.composite
def django_files(draw):
    """Random migrations of two applications: squashes whose originals may be deleted, run_before, `__first__`."""
    nodes: list[tuple[tuple[str, str], set[tuple[str, str]]]] = []
    for number in range(draw(st.integers(1, 9))):
        app = draw(st.sampled_from(["pay", "shop"]))
        same = [key for key, _ in nodes if key[0] == app]
        dependencies = {same[-1]} if same and draw(st.integers(0, 5)) else set()
        if nodes and draw(st.booleans()):
            dependencies.add(draw(st.sampled_from([key for key, _ in nodes])))
        nodes.append(((app, f"{number:04d}_x"), dependencies))
    files = {key: (dependencies, [], []) for key, dependencies in nodes}
    if len(nodes) > 1 and draw(st.booleans()):
        early, late = sorted(draw(st.sets(st.integers(0, len(nodes) - 1), min_size=2, max_size=2)))
        files[nodes[early][0]][2].append(nodes[late][0])
    apps = {key[0] for key, _ in nodes}
    if len(apps) == 2 and draw(st.booleans()):
        last = nodes[-1][0]
        files[last][0].add(("pay" if last[0] == "shop" else "shop", "__first__"))
    for app in sorted(draw(st.sets(st.sampled_from(["pay", "shop"])))):
        keys = [key for key, _ in nodes if key[0] == app]
        if not keys:
            continue
        start = draw(st.integers(0, len(keys) - 1))
        replaced = keys[start : start + draw(st.integers(1, 4))]
        outer = {d for key in replaced for d in files[key][0]} - set(replaced)
        squash = (app, draw(st.sampled_from([f"{replaced[0][1]}_squashed", "0100_squashed"])))
        files[squash] = (outer, replaced, [])
        if draw(st.booleans()):
            for key in replaced:
                files[squash][2].extend(k for k in files[key][2] if k not in replaced)
                del files[key]
    return {
        f"{app}/migrations/{name}.py": "from django.db import migrations\n"
        "class Migration(migrations.Migration):\n"
        f"    replaces = {replaces!r}\n    dependencies = {sorted(dependencies)!r}\n"
        f"    run_before = {run_before!r}\n    operations = []\n"
        for (app, name), (dependencies, replaces, run_before) in files.items()
    }


def _loaded(files):
    """Load the files with Django; files that it refuses are not an example."""
    try:
        return LoaderOfTexts(files)
    except (CircularDependencyError, NodeNotFoundError, KeyError):
        assume(False)


@settings(max_examples=trials(200, 20), deadline=None)
@given(django_files())
def test_django_heads_are_those_of_django_itself(files):
    loader = _loaded(files)
    state = read_state(MemoryTree(files), MigrationLocation("main", "django", "."))
    assert list(state.heads) == sorted(f"{app}.{name}" for app, name in loader.graph.leaf_nodes())
    assert not [problem for problem in state.problems if problem.kind == "dangling-parent"]


def _django_file(*, replaces=(), dependencies=()):
    return (
        "from django.db import migrations\nclass Migration(migrations.Migration):\n"
        f"    replaces = {list(replaces)!r}\n    dependencies = {list(dependencies)!r}\n"
    )


@settings(max_examples=trials(200, 20), deadline=None)
@given(django_files())
@example(
    {
        "shop/migrations/0001_x.py": _django_file(),
        "shop/migrations/0100_squashed.py": _django_file(replaces=[("shop", "0000_x")]),
        "pay/migrations/0002_x.py": _django_file(dependencies=[("shop", "0000_x"), ("shop", "__first__")]),
    }
)
@example(
    {
        "shop/migrations/0001_x.py": _django_file(),
        "shop/migrations/0003_x.py": _django_file(dependencies=[("shop", "0000_x")]),
        "shop/migrations/0100_squashed.py": _django_file(replaces=[("shop", "0000_x")]),
        "pay/migrations/0002_x.py": _django_file(dependencies=[("shop", "__first__")]),
    }
)
def test_predecessors_of_a_django_migration_are_those_that_django_would_run(files):
    loader = _loaded(files)
    try:
        plans = _plans(loader)
        backwards = _plans(_loaded(dict(reversed(files.items()))))
    except CircularDependencyError:
        assume(False)
    # Django reads an application's files in no fixed order, and `__first__` may depend on it.
    assume(plans == backwards)
    state = read_state(MemoryTree(files), MigrationLocation("main", "django", "."))
    standing = {
        f"{old[0]}.{old[1]}": f"{new[0]}.{new[1]}"
        for new, migration in loader.disk_migrations.items()
        if new in loader.graph.nodes
        for old in migration.replaces
    }
    parents: dict[str, set[str]] = {}
    for migration in state.migrations:
        id_ = standing.get(migration.id, migration.id)
        parents.setdefault(id_, set()).update(standing.get(p, p) for p in migration.parents)
    for node, plan in plans.items():
        before, waiting = set(), [f"{node[0]}.{node[1]}"]
        while waiting:
            known = parents[waiting.pop()] - before
            before |= known
            waiting.extend(known)
        assert before - {f"{node[0]}.{node[1]}"} == {
            f"{app}.{name}" for app, name in plan if (app, name) != node
        }


def _plans(loader):
    """Return what Django would run for each migration, in no order."""
    return {node: set(loader.graph.forwards_plan(node)) for node in loader.graph.nodes}


GRAPHS = st.dictionaries(
    st.sampled_from("abcdefgh"), st.sets(st.sampled_from("abcdefghxy"), max_size=3), min_size=1
)


@given(GRAPHS)
def test_an_order_puts_parents_first_and_leaves_out_only_what_a_cycle_blocks(parents):
    ordered, blocked = order_ids(parents)
    assert sorted([*ordered, *blocked]) == sorted(parents)
    rank = {id_: position for position, id_ in enumerate(ordered)}
    for id_ in ordered:
        assert all(rank[parent] < rank[id_] for parent in parents[id_] if parent in parents)
    if blocked:
        cycle = find_cycle(parents, blocked)
        assert all(after in parents[id_] for id_, after in zip(cycle, [*cycle[1:], cycle[0]], strict=True))
    assert find_heads(parents) == sorted(
        i for i in parents if not any(i in known for known in parents.values())
    )


@given(st.lists(st.tuples(st.text(max_size=5), st.text(max_size=20)), max_size=6), st.randoms())
def test_a_digest_does_not_depend_on_the_order_of_reading_or_on_line_ends(entries, random):
    shuffled = list(entries)
    random.shuffle(shuffled)
    first, second = ContentDigest(), ContentDigest()
    for id_, text in entries:
        first.add(id_, text.replace("\r", ""))
    for id_, text in shuffled:
        second.add(id_, text.replace("\r", "").replace("\n", "\r\n"))
    assert first.format() == second.format()


@given(st.integers(0, 10**30), st.integers(0, 10**30), st.integers(0, 3))
def test_natural_order_of_numbers_is_that_of_numbers(one, other, zeros):
    assert (natural_rank("0" * zeros + str(one)) < natural_rank(str(other))) == (one < other)
