"""The laws of reading migrations: what is read statically is what the tools themselves say."""

import tempfile
import warnings
from collections.abc import Iterable, Iterator
from pathlib import Path

from alembic.script import ScriptDirectory
from django.db.migrations.exceptions import CircularDependencyError, NodeNotFoundError
from django.db.migrations.loader import MigrationLoader
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from tdmvc.migrations import read_state
from tdmvc.migrations.digest import ContentDigest
from tdmvc.migrations.graph import find_cycle, find_heads, order_ids
from tdmvc.migrations.line import natural
from tdmvc.model.migration import MigrationLocation


class MemoryTree:
    """Files in a dict, as a Git revision would give them."""

    label = "abc1234"

    def __init__(self, files: dict[str, str]) -> None:
        self._files = files

    def list_files(self, folder: str = "") -> list[str]:
        return sorted(path for path in self._files if not folder or path.startswith(folder + "/"))

    def read_text(self, path: str) -> str | None:
        return self._files.get(path)

    def read_texts(self, paths: Iterable[str]) -> Iterator[tuple[str, str]]:
        return ((path, self._files[path]) for path in paths if path in self._files)


@st.composite
def alembic_files(draw):
    """Random revision files: branches, merges and dependencies, spelled in every way."""
    files = {}
    for number in range(draw(st.integers(1, 10))):
        earlier = (
            st.sets(st.integers(0, number - 1).map("r{:03d}".format), max_size=3)
            if number
            else st.just(set())
        )
        down = sorted(draw(earlier))
        depends = sorted(draw(earlier) - set(down)) if draw(st.booleans()) else []
        spelled = draw(st.sampled_from([tuple, list]))(down)
        if len(down) < 2 and draw(st.booleans()):
            spelled = down[0] if down else None
        note = draw(st.sampled_from(["", ": str", ": Union[str, None]"]))
        text = (
            f"from typing import Union\nrevision{note} = 'r{number:03d}'\ndown_revision{note} = {spelled!r}\n"
        )
        if depends:
            text += f"depends_on = {tuple(depends)!r}\n"
        files[f"db/versions/{draw(st.integers(0, 99))}_{number}.py"] = text
    return files


@settings(max_examples=60, deadline=None)
@given(alembic_files())
def test_alembic_heads_are_those_of_alembic_itself(files):
    with tempfile.TemporaryDirectory() as folder, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        (Path(folder) / "db" / "versions").mkdir(parents=True)
        for path, text in files.items():
            (Path(folder) / path).write_text(text)
        script = ScriptDirectory(f"{folder}/db")
        heads, bases = script.get_heads(), script.get_bases()
    state = read_state(MemoryTree(files), MigrationLocation("main", "alembic", "db"))
    assert list(state.heads) == sorted(heads)
    assert {m.id for m in state.migrations if not m.parents} <= set(bases)
    rank = {migration.id: position for position, migration in enumerate(state.migrations)}
    assert all(rank[parent] < rank[m.id] for m in state.migrations for parent in m.parents)


class LoaderOfTexts(MigrationLoader):
    """Django's own loader, fed with files from memory in place of installed applications."""

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
    """Random migrations of two applications, with a squash or two whose originals may be gone."""
    nodes: list[tuple[tuple[str, str], set[tuple[str, str]]]] = []
    for number in range(draw(st.integers(1, 9))):
        app = draw(st.sampled_from(["pay", "shop"]))
        same = [key for key, _ in nodes if key[0] == app]
        dependencies = {same[-1]} if same and draw(st.integers(0, 5)) else set()
        if nodes and draw(st.booleans()):
            dependencies.add(draw(st.sampled_from([key for key, _ in nodes])))
        nodes.append(((app, f"{number:04d}_x"), dependencies))
    files = {key: (dependencies, []) for key, dependencies in nodes}
    for app in draw(st.sets(st.sampled_from(["pay", "shop"]))):
        keys = [key for key, _ in nodes if key[0] == app]
        if not keys:
            continue
        start = draw(st.integers(0, len(keys) - 1))
        replaced = keys[start : start + draw(st.integers(1, 4))]
        outer = {d for key in replaced for d in files[key][0]} - set(replaced)
        files[app, f"{replaced[0][1]}_squashed"] = (outer, replaced)
        if draw(st.booleans()):
            for key in replaced:
                del files[key]
    return {
        f"{app}/migrations/{name}.py": "from django.db import migrations\n"
        "class Migration(migrations.Migration):\n"
        f"    replaces = {replaces!r}\n    dependencies = {sorted(dependencies)!r}\n    operations = []\n"
        for (app, name), (dependencies, replaces) in files.items()
    }


@settings(max_examples=150, deadline=None)
@given(django_files())
def test_django_heads_are_those_of_django_itself(files):
    try:
        loader = LoaderOfTexts(files)
    except (CircularDependencyError, NodeNotFoundError):
        assume(False)
    state = read_state(MemoryTree(files), MigrationLocation("main", "django", "."))
    assert list(state.heads) == sorted(f"{app}.{name}" for app, name in loader.graph.leaf_nodes())
    assert not [problem for problem in state.problems if problem.kind == "dangling-parent"]


GRAPHS = st.dictionaries(
    st.sampled_from("abcdefgh"), st.sets(st.sampled_from("abcdefghxy"), max_size=3), min_size=1
)


@given(GRAPHS)
def test_an_order_puts_parents_first_and_holds_up_only_what_a_cycle_holds_up(parents):
    ordered, held_up = order_ids(parents)
    assert sorted([*ordered, *held_up]) == sorted(parents)
    rank = {id_: position for position, id_ in enumerate(ordered)}
    for id_ in ordered:
        assert all(rank[parent] < rank[id_] for parent in parents[id_] if parent in parents)
    if held_up:
        cycle = find_cycle(parents, held_up)
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
    assert first.spelled() == second.spelled()


@given(st.integers(0, 10**30), st.integers(0, 10**30), st.integers(0, 3))
def test_natural_order_of_numbers_is_that_of_numbers(one, other, zeros):
    assert (natural("0" * zeros + str(one)) < natural(str(other))) == (one < other)
