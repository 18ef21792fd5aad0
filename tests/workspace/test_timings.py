"""How long verbs and their steps take is recorded as values."""

from collections.abc import Callable
from pathlib import Path

import pytest

import tdmvc as package
from tdmvc.cli import output
from tdmvc.errors import SourceError, TdmvcError
from tdmvc.model.progress import Timing
from tdmvc.workspace.workspace import Workspace

ORDERS = "id,amount\n1,5.00\n2,7.50\n"


def names(timings: list[Timing]) -> list[str]:
    return [timing.name for timing in timings]


def test_a_verb_is_recorded_after_its_steps_and_takes_at_least_as_long_as_all_of_them(
    repo: Path, tmp_path: Path
) -> None:
    (tmp_path / "orders.csv").write_text(ORDERS)
    with package.open(repo) as workspace:
        workspace.add("golden", tmp_path / "orders.csv", keys={"orders": ["id"]})
        timings = list(workspace.timings)

    assert names(timings) == [
        "add: read sources",
        "add: build parts",
        "add: write working copy",
        "add: apply changes",
        "add",
    ]
    assert all(timing.duration_seconds > 0 for timing in timings)
    assert timings[-1].duration_seconds >= sum(timing.duration_seconds for timing in timings[:-1])


def test_a_step_inside_a_step_is_named_by_the_path_from_the_verb(repo: Path) -> None:
    with Workspace.open(repo) as workspace:
        with workspace.timed("refresh"), workspace.timed("add"), workspace.timed("read sources"):
            pass
        assert names(workspace.timings) == ["refresh: add: read sources", "refresh: add", "refresh"]


def test_a_verb_and_a_step_that_raise_are_recorded_and_the_next_verb_is_named_alone(
    repo: Path, tmp_path: Path
) -> None:
    (tmp_path / "orders.txt").write_text("no table")
    with package.open(repo) as workspace:
        with pytest.raises(SourceError):
            workspace.add("golden", tmp_path / "orders.txt")
        workspace.status()
        assert names(workspace.timings) == ["add: read sources", "add", "status"]


def test_a_transfer_that_fails_is_recorded(repo: Path) -> None:
    with Workspace.open(repo) as workspace:
        with pytest.raises(TdmvcError):
            workspace.store.transfer.push({"0" * 32}, remote="nowhere")
        assert names(workspace.timings) == ["push"]


def test_a_comparison_is_a_step_of_diff(repo: Path, tmp_path: Path, tdmvc: Callable[..., object]) -> None:
    (tmp_path / "orders.csv").write_text(ORDERS)
    tdmvc("add", "golden", tmp_path / "orders.csv", "--key", "orders=id")
    with package.open(repo) as workspace:
        workspace.diff("golden")
        assert names(workspace.timings)[-2:] == ["diff: diff tables", "diff"]


def test_a_command_records_its_own_name(
    repo: Path, tdmvc: Callable[..., object], monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: list[Workspace] = []

    class Watched(Workspace):
        def close(self) -> None:
            opened.append(self)
            super().close()

    monkeypatch.setattr(output, "Workspace", Watched)
    tdmvc("status")
    assert names(opened[0].timings) == ["status"]
