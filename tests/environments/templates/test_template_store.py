"""Templates in the cache are made once, used by many, noticed if damaged, and removed only if nobody uses them."""

import errno
import os
import subprocess
import sys
import textwrap
import threading
import time
from pathlib import Path

import pytest

from tdmvc.environments.base import TemplateKey
from tdmvc.environments.templates.store import TemplateStore, shrink_templates, templates_folder
from tdmvc.errors import DatabaseError
from tdmvc.model.environment import TemplateOrigin

KEY = TemplateKey("schema", "rows", "golden@1.0.0")
OTHER_ROWS = TemplateKey("schema", "other rows", "golden@2.0.0")
OTHER_SCHEMA = TemplateKey("other schema", "rows", "golden@1.0.0")


def make(content: Path, nearest: object) -> str:
    (content / "empty").mkdir()
    (content / "file").write_text("rows")
    return "hunter2"


def refuse(content: Path, nearest: object) -> str:
    raise AssertionError("it is there already")


@pytest.fixture
def store(tmp_path: Path) -> TemplateStore:
    return TemplateStore("sqlite", "sqlite 3.40", folder=tmp_path / "templates")


def test_a_template_is_made_once_and_used_again(store: TemplateStore) -> None:
    with store.open(KEY, make) as made:
        assert made.origin is TemplateOrigin.BUILT
        assert (made.content / "file").read_text() == "rows"
    with store.open(KEY, refuse) as used:
        assert (used.content, used.origin, used.secret) == (made.content, TemplateOrigin.REUSED, "hunter2")
    assert "hunter2" not in repr(used)


def test_a_template_is_found_under_another_name_of_the_same_rows(store: TemplateStore) -> None:
    with store.open(KEY, make) as made:
        assert KEY.digest in str(made.content)
    renamed = TemplateKey("schema", "rows", "golden")
    with store.open(renamed, refuse) as used:
        assert used.content == made.content
    assert [one.key for one in store.list()] == [renamed]


def test_a_template_is_derived_from_the_one_with_the_same_schema_that_was_used_last(
    store: TemplateStore,
) -> None:
    def derive(content: Path, nearest: object) -> str:
        found.append(nearest)
        return make(content, nearest)

    found: list[object] = []
    with store.open(KEY, derive) as first, store.open(OTHER_SCHEMA, derive) as second:
        assert (first.origin, second.origin) == (TemplateOrigin.BUILT, TemplateOrigin.BUILT)
    with store.open(OTHER_ROWS, derive) as derived:
        assert derived.origin is TemplateOrigin.DERIVED
    assert found[:2] == [None, None]
    assert getattr(found[2], "content", None) == first.content


def test_a_failure_leaves_nothing(store: TemplateStore, tmp_path: Path) -> None:
    def fail(content: Path, nearest: object) -> str:
        (content / "file").write_text("half")
        raise ValueError("the migration failed")

    with pytest.raises(ValueError, match="the migration failed"), store.open(KEY, fail):
        pass
    assert not [path for path in (tmp_path / "templates").iterdir() if path.is_dir()]
    assert store.list() == []


@pytest.mark.parametrize(
    "damage",
    [
        lambda content: (content / "file").write_text("ro"),
        lambda content: (content / "file").write_text("wors"),
        lambda content: (content / "file").unlink(),
        lambda content: (content / "more").write_text(""),
        lambda content: (content / "empty").rmdir(),
        lambda content: (content.parent / "template.json").unlink(),
        lambda content: (content.parent / "template.json").write_text("{"),
        lambda content: (content.parent / "template.json").write_text("[]"),
    ],
    ids=["cut", "changed", "removed", "added", "folder removed", "no metadata", "cut metadata", "other JSON"],
)
def test_a_damaged_template_is_made_again(store: TemplateStore, damage: object) -> None:
    with store.open(KEY, make) as made:
        pass
    time.sleep(0.01)
    damage(made.content)  # type: ignore[operator]
    with store.open(KEY, make) as again:
        assert again.origin is TemplateOrigin.BUILT
        assert sorted(path.name for path in again.content.iterdir()) == ["empty", "file"]
        assert (again.content / "file").read_text() == "rows"


def test_a_cache_that_was_moved_is_still_good(store: TemplateStore) -> None:
    with store.open(KEY, make) as made:
        pass
    os.utime(made.content / "file", (1, 1))
    for _ in range(2):
        with store.open(KEY, refuse) as used:
            assert used.origin is TemplateOrigin.REUSED


def test_what_is_used_stays_and_the_rest_is_removed_the_oldest_first(
    store: TemplateStore, tmp_path: Path
) -> None:
    folder = tmp_path / "templates"
    places = []
    for key in (KEY, OTHER_SCHEMA, OTHER_ROWS):
        with store.open(key, make) as made:
            places.append(made.content.parent)
    for age, place in enumerate(places):
        os.utime(place / "template.json", (age, age))
    assert [stored.key for stored in store.list()] == [OTHER_ROWS, OTHER_SCHEMA, KEY]
    each = store.list()[0].size_bytes
    with store.open(KEY, refuse):
        os.utime(places[0] / "template.json", (0, 0))
        assert not store.remove(KEY)
        removed = shrink_templates(each * 2, folder)
    assert [stored.key for stored in removed] == [OTHER_SCHEMA]
    assert store.remove(KEY)
    assert not store.remove(KEY)
    assert [stored.key for stored in store.list()] == [OTHER_ROWS]


def test_a_new_template_removes_old_ones_over_the_limit(tmp_path: Path) -> None:
    store = TemplateStore("sqlite", "sqlite 3.40", folder=tmp_path, limit_bytes=1)
    for key in (KEY, OTHER_SCHEMA):
        with store.open(key, make):
            pass
    assert [stored.key for stored in store.list()] == [OTHER_SCHEMA]


def test_two_that_want_the_same_template_make_it_once(store: TemplateStore) -> None:
    def slow(content: Path, nearest: object) -> str:
        made.append(1)
        time.sleep(0.1)
        return make(content, nearest)

    def run() -> None:
        with store.open(KEY, slow) as template:
            seen.append((template.content / "file").read_text())

    made: list[int] = []
    seen: list[str] = []
    threads = [threading.Thread(target=run) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (len(made), seen) == (1, ["rows"] * 4)


def test_a_build_that_was_killed_leaves_nothing_to_the_next(store: TemplateStore, tmp_path: Path) -> None:
    program = textwrap.dedent(
        f"""
        import os, signal
        from pathlib import Path
        from tdmvc.environments.base import TemplateKey
        from tdmvc.environments.templates.store import TemplateStore

        def die(content, nearest):
            (content / "half").write_text("half")
            os.kill(os.getpid(), signal.SIGKILL)

        with TemplateStore("sqlite", "sqlite 3.40", folder=Path({str(tmp_path / "templates")!r})).open(
            TemplateKey("schema", "rows", ""), die
        ):
            pass
        """
    )
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == -9
    left = list((tmp_path / "templates").glob(".unfinished-*"))
    assert left
    with store.open(OTHER_SCHEMA, make):
        assert not left[0].exists()
    with store.open(KEY, make) as made:
        assert sorted(path.name for path in made.content.iterdir()) == ["empty", "file"]


@pytest.mark.parametrize(
    ("number", "first"),
    [(errno.ENOSPC, "free some space there, or"), (errno.EACCES, "let this user write there, or")],
)
def test_a_folder_that_cannot_be_written_is_told(store: TemplateStore, number: int, first: str) -> None:
    def fill(content: Path, nearest: object) -> str:
        raise OSError(number, os.strerror(number), str(content / "file"))

    with pytest.raises(DatabaseError, match=os.strerror(number)) as caught, store.open(KEY, fill):
        pass
    assert caught.value.remedy.startswith(first)
    assert "XDG_CACHE_HOME" in caught.value.remedy


def test_without_a_cache_templates_are_kept_beside_servers(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    folder = templates_folder()
    assert folder.is_dir()
    assert folder.is_relative_to(tmp_path)
