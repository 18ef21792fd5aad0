"""Many file changes as one step: whatever stops it, the old state or the new."""

import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from tdmvc.errors import StoreError
from tdmvc.store import journal as journal_module
from tdmvc.store.journal import FileChanges, Journal

OLD = {"data/old.txt": "old", "data/t/1.parquet": "one", "data/t.dvc": "points to 1"}
NEW = {"data/t/2.parquet": "two", "data/t.dvc": "points to 2", "data/new.yaml": "new"}


class Stopped(BaseException):
    """Stands for a kill: no handler of the program sees it."""


def read_all(root: Path) -> dict[str, str]:
    files = (path for path in (root / "data").rglob("*") if path.is_file())
    return {path.relative_to(root).as_posix(): path.read_text() for path in files}


def make(root: Path) -> tuple[Journal, FileChanges]:
    for name, text in OLD.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    (root / "staged").mkdir()
    (root / "staged" / "1").write_text("two")
    plan = FileChanges(
        writes={"data/t.dvc": "points to 2", "data/new.yaml": "new"},
        moves={"staged/1": "data/t/2.parquet"},
        removes=["data/t/1.parquet", "data/old.txt"],
    )
    return Journal(root, root / ".dvc" / "tmp" / "j.journal"), plan


def stop_after(steps: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the program die after so many steps that change the disk."""
    left = [steps]

    def counted(step: Callable[..., object]) -> Callable[..., object]:
        def call(*args: object, **kwargs: object) -> object:
            if not left[0]:
                raise Stopped
            left[0] -= 1
            return step(*args, **kwargs)

        return call

    monkeypatch.setattr(os, "replace", counted(os.replace))
    monkeypatch.setattr(Path, "unlink", counted(Path.unlink))
    monkeypatch.setattr(Path, "rmdir", counted(Path.rmdir))


def test_a_change_is_applied_completely(tmp_path: Path) -> None:
    journal, plan = make(tmp_path)
    journal.commit(plan)
    assert read_all(tmp_path) == NEW
    assert not journal.is_open
    assert journal.recover() is False


def test_recovering_after_every_possible_stop_gives_the_old_state_or_the_new(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[str] = []
    for steps in range(100):
        root = tmp_path / str(steps)
        root.mkdir()
        journal, plan = make(root)
        with monkeypatch.context() as patch:
            stop_after(steps, patch)
            try:
                journal.commit(plan)
                is_stopped = False
            except Stopped:
                is_stopped = True
        promised = journal.is_open
        assert Journal(root, journal._path).recover() is promised
        assert read_all(root) == (NEW if promised or not is_stopped else OLD)
        seen.append("new" if promised else "old" if is_stopped else "done")
        if not is_stopped:
            break
    assert seen[0] == "old"
    assert seen.count("new") >= 6
    assert seen[-1] == "done"


def stop(journal: Journal, plan: FileChanges) -> None:
    raise Stopped


def test_recovering_can_itself_be_stopped_anywhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for steps in range(100):
        root = tmp_path / str(steps)
        root.mkdir()
        journal, plan = make(root)
        with monkeypatch.context() as patch:
            patch.setattr(Journal, "_apply", stop)
            with pytest.raises(Stopped):
                journal.commit(plan)
        assert journal.is_open
        with monkeypatch.context() as patch:
            stop_after(steps, patch)
            try:
                journal.recover()
                is_stopped = False
            except Stopped:
                is_stopped = True
        journal.recover()
        assert read_all(root) == NEW
        if not is_stopped:
            return
    raise AssertionError("recovery never ended")


def test_an_empty_folder_is_removed(tmp_path: Path) -> None:
    journal, _ = make(tmp_path)
    journal.commit(FileChanges(removes=["data/t/1.parquet"]))
    assert not (tmp_path / "data" / "t").exists()
    assert (tmp_path / "data").is_dir()


def test_a_file_in_a_folders_place_is_replaced(tmp_path: Path) -> None:
    journal, _ = make(tmp_path)
    (tmp_path / "data" / "u").write_text("a person put one file here")
    journal.commit(FileChanges(moves={"staged/1": "data/u/2.parquet"}))
    assert (tmp_path / "data" / "u" / "2.parquet").read_text() == "two"


def test_nothing_to_do_writes_no_journal(tmp_path: Path) -> None:
    Journal(tmp_path, tmp_path / "x" / "j.journal").commit(FileChanges())
    assert not (tmp_path / "x").exists()


def test_the_error_for_a_full_disk_explains_how_to_finish(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for failing in ("replace", "write"):
        root = tmp_path / failing
        root.mkdir()
        journal, plan = make(root)
        with monkeypatch.context() as patch:
            if failing == "replace":
                real = os.replace

                def refuse(source: object, target: object, real: Callable[..., None] = real) -> None:
                    if "2.parquet" in str(target):
                        raise OSError(28, "No space left on device", str(target))
                    real(source, target)

                patch.setattr(os, "replace", refuse)
            else:
                real_write = journal_module.write_atomic

                def fail(
                    path: Path, data: bytes, real: Callable[..., None] = real_write, **rest: str
                ) -> None:
                    if path.name == "t.dvc":
                        raise StoreError.disk(path, OSError(28, "No space left on device"))
                    real(path, data, **rest)

                patch.setattr(journal_module, "write_atomic", fail)
            with pytest.raises(StoreError) as caught:
                journal.commit(plan)
        assert "No space left on device" in caught.value.what
        assert "finishes the change" in caught.value.remedy
        assert journal.is_open
        assert journal.recover() is True
        assert read_all(root) == NEW


@pytest.mark.parametrize(
    "name",
    ["../outside", "/etc/passwd", "data/../../outside", ".git/hooks/post-checkout", "data/sub/.GIT/config"],
)
@pytest.mark.parametrize("kind", ["writes", "moves", "removes"])
def test_a_journal_that_leads_out_of_the_work_tree_is_refused(name: str, kind: str, tmp_path: Path) -> None:
    root = tmp_path / "root"
    root.mkdir()
    journal, _ = make(root)
    (tmp_path / "outside").write_text("mine")
    document: dict[str, object] = {"format": "tdmvc.journal/1", "writes": {}, "moves": {}, "removes": []}
    document[kind] = {"writes": {name: "x"}, "moves": {"staged/1": name}, "removes": [name]}[kind]
    path = root / ".dvc" / "tmp" / "j.journal"
    path.parent.mkdir(parents=True)
    path.write_text(json.dumps(document))
    with pytest.raises(StoreError, match="outside the work tree") as caught:
        journal.recover()
    assert str(path) in caught.value.where
    assert (tmp_path / "outside").read_text() == "mine"
    assert read_all(root) == OLD


def test_a_journal_that_leads_through_a_link_is_refused(tmp_path: Path) -> None:
    root = tmp_path / "root"
    root.mkdir()
    journal, _ = make(root)
    (tmp_path / "elsewhere").mkdir()
    (root / "data" / "link").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(StoreError, match="symbolic link"):
        journal.commit(FileChanges(writes={"data/link/x": "y"}))
    assert list((tmp_path / "elsewhere").iterdir()) == []


@pytest.mark.parametrize(
    "text",
    ["[]", "3", '"x"', "{}", '{"format": "tdmvc.journal/2", "writes": {}, "moves": {}, "removes": []}',
     '{"format": "tdmvc.journal/1", "writes": {"a": 3}, "moves": {}, "removes": []}',
     '{"format": "tdmvc.journal/1", "writes": [], "moves": {}, "removes": []}'],
)  # fmt: skip
def test_a_journal_of_another_release_stops_everything_and_is_kept(text: str, tmp_path: Path) -> None:
    journal, _ = make(tmp_path)
    path = tmp_path / ".dvc" / "tmp" / "j.journal"
    path.parent.mkdir(parents=True)
    path.write_text(text)
    with pytest.raises(StoreError, match="not in this release's format") as caught:
        journal.recover()
    assert str(path) in caught.value.where
    assert path.read_text() == text


def test_an_incomplete_journal_is_discarded(tmp_path: Path) -> None:
    journal, _ = make(tmp_path)
    path = tmp_path / ".dvc" / "tmp" / "j.journal"
    path.parent.mkdir(parents=True)
    path.write_text('{"format": "tdmvc.jour')
    assert journal.recover() is False
    assert not path.exists()
    assert read_all(tmp_path) == OLD
