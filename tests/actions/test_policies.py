"""`checkout` and `pull` ask the workspace whether they may, before they write anything."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tdmvc.actions.add import add
from tdmvc.actions.checkout import CheckoutOptions, checkout
from tdmvc.actions.publish import publish
from tdmvc.actions.pull import pull
from tdmvc.errors import PolicyError
from tdmvc.model.dataset import DatasetState
from tdmvc.model.location import PathLocation
from tdmvc.model.named_keys import NamedKeys
from tdmvc.model.options import AddOptions
from tdmvc.workspace.workspace import Workspace


class Guarded(Workspace):
    """A workspace whose policy forbids everything, and that remembers what it was asked."""

    def allow(self, verb: str, state: DatasetState, environment: str | None = None) -> None:
        questions.append((verb, state.ref, environment))
        raise PolicyError("Not here.", where=state.ref, remedy="ask for synthetic data.")


questions: list[tuple[str, str, str | None]] = []


@pytest.fixture
def golden(repo: Path, tmp_path: Path) -> Path:
    """A repository with golden@1.0.0, whose rows are in the cache and not in the working copy."""
    source = tmp_path / "customers.csv"
    source.write_text("id,name\n1,Ada\n2,Grace\n")
    with Workspace.open(repo) as workspace:
        add(workspace, "golden", [PathLocation(source)], AddOptions(keys=NamedKeys({"customers": ("id",)})))
        publish(workspace, "golden", "1.0.0")
    for part in (repo / "datasets" / "golden" / "customers").iterdir():
        part.unlink()
    (repo / "datasets" / "golden" / "customers").rmdir()
    questions.clear()
    return repo


def files(folder: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and ".dvc/tmp" not in path.as_posix() and ".git/" not in path.as_posix()
    }


@pytest.mark.parametrize(
    ("act", "question"),
    [
        (lambda w: checkout(w, "golden@1.0.0"), ("checkout", "golden@1.0.0", None)),
        (lambda w: checkout(w, "golden"), ("checkout", "golden", None)),
        (
            lambda w: checkout(w, "golden@1.0.0", CheckoutOptions(into=PathLocation(w.root / "out.duckdb"))),
            ("checkout", "golden@1.0.0", None),
        ),
        (lambda w: pull(w), ("pull", "golden", None)),
        (lambda w: pull(w, ["golden@1.0.0"]), ("pull", "golden@1.0.0", None)),
    ],
)
def test_a_policy_is_checked_before_anything_is_written(
    golden: Path, act: Callable[[Workspace], object], question: tuple[str, str, str | None]
) -> None:
    before = files(golden)
    with Guarded.open(golden) as workspace, pytest.raises(PolicyError) as refused:
        act(workspace)
    assert refused.value.exit_code == 5
    assert questions == [question]
    assert files(golden) == before


def test_without_a_policy_everything_is_allowed(golden: Path) -> None:
    with Workspace.open(golden) as workspace:
        assert checkout(workspace, "golden").datasets[0].changed_files == 1
        assert pull(workspace, ["golden@1.0.0"]).objects > 0
