"""The laws of tools with an order of their own: the readers find what the tools themselves find."""

import random
import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from yoyo import exceptions, read_migrations
from yoyo.migrations import Migration, heads, topological_sort
from yoyo.topologicalsort import CycleError

from tdmvc.errors import MigrationsError
from tdmvc.gitrepo.trees import WorkTree
from tdmvc.migrations import read_state
from tdmvc.migrations.tools.atlas import check_sums, hash_files, total_hash
from tdmvc.model.migration import MigrationLocation
from tests.builders import MemoryTree
from tests.migrations.states import CASES
from tests.series import trials


@st.composite
def yoyo_files(draw):
    """Random migrations in Python and SQL; a few depend on later ones, on themselves or on missing ones."""
    ids = [f"m{number:02d}" for number in range(draw(st.integers(1, 9)))]
    files = {}
    for position, id_ in enumerate(ids):
        may_be_odd = draw(st.integers(0, 9)) == 0
        among = [*ids, "gone"] if may_be_odd else ids[:position]
        before = sorted(draw(st.sets(st.sampled_from(among), max_size=3))) if among else []
        if draw(st.booleans()):
            lines = [f"-- depends: {' '.join(before)}", "-- transactional: true", "-- a comment"]
            files[f"db/{id_}.sql"] = "\n".join([*draw(st.permutations(lines)), "select 1;", ""])
        else:
            spelled = draw(st.sampled_from([repr(before), f"set({before!r})", repr(dict.fromkeys(before))]))
            depends = f"__depends__ = {spelled}\n" if before or draw(st.booleans()) else ""
            files[f"db/{id_}.py"] = f"from yoyo import step\n{depends}step('select 1')\n"
    return files


@settings(max_examples=trials(100, 30), deadline=None)
@given(yoyo_files())
def test_yoyo_heads_and_order_are_those_of_yoyo_itself(files):
    # yoyo finds dependencies among all migrations that were ever read.
    Migration._Migration__all_migrations.clear()
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "db").mkdir()
        for path, text in files.items():
            (Path(folder) / path).write_text(text)
        try:
            found = read_migrations(f"{folder}/db")
            order = [migration.id for migration in topological_sort(found)]
            expected = sorted(migration.id for migration in heads(found))
        except (exceptions.BadMigration, CycleError):
            expected = None
    try:
        state = read_state(MemoryTree(files), MigrationLocation("main", "yoyo", "db"))
    except MigrationsError:
        assert expected is None
        return
    if expected is None:
        assert {problem.kind for problem in state.problems} & {"cycle", "dangling-parent"}
    else:
        assert list(state.heads) == expected
        assert [migration.id for migration in state.migrations] == order
        assert state.problems == ()


class ShuffledTree(MemoryTree):
    """The same files, listed in another order."""

    def list_files(self, folder=""):
        paths = super().list_files(folder)
        random.Random(len(paths)).shuffle(paths)
        return paths


NAMES = st.text("abAB12_-.", min_size=1, max_size=6).filter(lambda name: name.strip("."))


@st.composite
def changelogs(draw):
    """A master that includes some files by name and the rest by folder, in its own order."""
    names = sorted(draw(st.sets(NAMES, min_size=1, max_size=8)))
    folders = {name: draw(st.sampled_from(["all", "all/deep", "one"])) for name in names}
    files = {
        f"{folders[name]}/{name}.sql": f"--liquibase formatted sql\n--changeset a:{name}\nselect 1;\n"
        for name in names
    }
    parts = [f'<include file="{path}"/>' for path in files if path.startswith("one/")]
    if any(path.startswith("all/") for path in files):
        parts.append('<includeAll path="all"/>')
    master = "<databaseChangeLog>" + "".join(draw(st.permutations(parts))) + "</databaseChangeLog>"
    return {"changelog.xml": master, **files}


@given(changelogs())
def test_the_order_of_change_sets_does_not_depend_on_how_files_are_listed(files):
    location = MigrationLocation("main", "liquibase", "changelog.xml")
    state = read_state(MemoryTree(files), location)
    assert state == read_state(ShuffledTree(files), location)
    assert {migration.path for migration in state.migrations} == set(files) - {"changelog.xml"}
    from_folder = [m.id.partition("::")[0] for m in state.migrations if m.path.startswith("all/")]
    assert from_folder == sorted(from_folder)


TEXTS = st.text("abc <>&\n", max_size=12)


@given(TEXTS, TEXTS, st.sampled_from(["", "<!-- a note -->", "\n\n  "]))
def test_the_digest_depends_on_a_change_set_and_nothing_around_it(old, new, around):
    def digest(sql, gap):
        escaped = sql.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
        master = (
            f"<databaseChangeLog>{gap}<changeSet id='1' author='a'>{gap}<sql>{escaped}</sql>{gap}</changeSet>"
            f"{gap}</databaseChangeLog>"
        )
        location = MigrationLocation("main", "liquibase", "changelog.xml")
        return read_state(MemoryTree({"changelog.xml": master}), location).digest

    assert digest(old, around) == digest(old, "")
    assert (digest(old, "") == digest(new, around)) == (old.strip() == new.strip())


FOLDERS = st.dictionaries(st.text("abc12", min_size=1, max_size=4), st.text(max_size=8), min_size=1)


@given(FOLDERS, st.data())
def test_hashes_match_their_folder_or_show_the_first_file_that_was_edited(texts, data):
    # Other tests have names, byte order marks and ignored files.
    files = sorted((f"{name}.sql", f"x{text}") for name, text in texts.items())
    entries = hash_files(files)
    recorded = f"h1:{total_hash(entries)}\n" + "".join(f"{name} h1:{hash_}\n" for name, hash_ in entries)
    assert check_sums("db/atlas.sum", recorded, files) == []
    edited = data.draw(st.sets(st.integers(0, len(files) - 1), min_size=1))
    changed = [(name, text + "!" if n in edited else text) for n, (name, text) in enumerate(files)]
    (problem,) = check_sums("db/atlas.sum", recorded, changed)
    assert (problem.kind, problem.path) == ("checksum-mismatch", f"db/{files[min(edited)][0]}")


LOCATIONS = {
    "atlas": ("atlas", "migrations"),
    "drizzle": ("drizzle", "drizzle"),
    "drizzle-folders": ("drizzle", "migrations"),
    "liquibase": ("liquibase", "src/main/resources/db/changelog"),
    "prisma": ("prisma", "prisma/migrations"),
    "sqitch": ("sqitch", "database"),
    "yoyo": ("yoyo", "db/migrations"),
}
NOT_APPLIED = {
    "0009_forgotten.sql",
    "20230201_01_Xy9zZ-orders.rollback.sql",
    "down.sql",
    "post-apply.py",
}
"""Files of the cases that are not part of their history."""


def _files(case):
    tree = WorkTree(CASES / case)
    return {path: tree.read_text(path) or "" for path in tree.list_files() if "/test/" not in path}


def _state(case, files, tree=MemoryTree):
    return read_state(tree(files), MigrationLocation("main", *LOCATIONS[case]))


@pytest.mark.parametrize("case", LOCATIONS)
def test_line_ends_and_the_order_of_listing_do_not_matter(case):
    files = _files(case)
    state = _state(case, files)
    windows = _state(case, {path: text.replace("\n", "\r\n") for path, text in files.items()})
    assert (windows.heads, windows.digest) == (state.heads, state.digest)
    assert [m.parents for m in windows.migrations] == [m.parents for m in state.migrations]
    shuffled = _state(case, files, ShuffledTree)
    assert (shuffled.migrations, shuffled.digest) == (state.migrations, state.digest)


@pytest.mark.parametrize("case", LOCATIONS)
def test_an_edit_of_any_script_that_is_applied_changes_the_digest(case):
    files = _files(case)
    state = _state(case, files)
    scripts = [path for path in files if path.endswith((".sql", ".py"))]
    assert scripts
    for path in scripts:
        more = "# more\n" if path.endswith(".py") else "select 2;\n"
        edited = _state(case, {**files, path: files[path] + more})
        is_applied = path.rpartition("/")[2] not in NOT_APPLIED
        assert (edited.digest != state.digest) == is_applied, path
        assert edited.heads == state.heads
