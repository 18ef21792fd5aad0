"""Datasets of a work tree, a revision and a version."""

from collections.abc import Callable

import pytest

from tdmvc.contracts.odcs.editing import update_contract
from tdmvc.errors import ConfigError, NotFoundError
from tdmvc.formats.dataset_edit import update_dataset
from tdmvc.formats.datasets import list_datasets, read_state, version_state
from tdmvc.formats.pointers import render_pointer
from tdmvc.formats.versions import contract_path, hash_contract, read_versions, render_version, version_path
from tdmvc.gitrepo.repository import GitRepo
from tdmvc.model.dataset import DatasetConfig, DatasetKind, DiffRules, RepoConfig
from tdmvc.model.migration import RecordedState
from tdmvc.model.version import SemVer, Version, VersionTable

MD5, HASH = "9c0f" * 8 + ".dir", "sha256:" + "ab" * 32
CONFIG = RepoConfig()
GOLDEN = DatasetConfig("golden", diff={"orders": DiffRules(("code",))})


def _files(object: str = MD5) -> dict[str, str]:
    return {
        "datasets/golden/dataset.yaml": update_dataset(None, GOLDEN),
        "datasets/golden/orders.dvc": render_pointer("orders", object, 5, 1),
        "datasets/masked-eu/dataset.yaml": update_dataset(
            None, DatasetConfig("masked-eu", DatasetKind.MASKED)
        ),
        "datasets/deep/er/dataset.yaml": "",
        "datasets/notes.txt": "",
    }


def test_the_datasets_are_the_folders_with_a_dataset_yaml(repo: GitRepo, commit: Callable[..., str]) -> None:
    commit(_files())
    for tree in (repo.tree("HEAD"), repo.work_tree()):
        assert list_datasets(tree, CONFIG) == ["golden", "masked-eu"]
        assert list_datasets(tree, RepoConfig(datasets_folder="elsewhere")) == []


def test_the_work_tree_and_a_revision_each_have_their_own_pointers(
    repo: GitRepo, commit: Callable[..., str]
) -> None:
    sha = commit(_files())
    other = "1a2b" * 8 + ".dir"
    (repo.root / "datasets/golden/orders.dvc").write_text(render_pointer("orders", other, 5, 1))
    now, then = (
        read_state(repo.work_tree(), CONFIG, "golden"),
        read_state(repo.tree("HEAD"), CONFIG, "golden"),
    )
    assert (now.ref, now.pointers["orders"].object) == ("golden", other)
    assert (then.ref, then.pointers["orders"].object) == (f"golden@{sha[:10]}", MD5)
    assert now.config == then.config == GOLDEN
    assert now.contract.tables == {}
    assert now.contract_text == ""
    assert now.version is None


def test_an_unknown_dataset_is_reported_with_similar_names(repo: GitRepo, commit: Callable[..., str]) -> None:
    commit(_files())
    with pytest.raises(NotFoundError, match="did you mean 'golden'"):
        read_state(repo.work_tree(), CONFIG, "gulden")
    for name in ("../datasets/golden", "deep/er", "", ".", ".."):
        with pytest.raises(NotFoundError):
            read_state(repo.work_tree(), CONFIG, name)


def test_a_folder_and_its_dataset_have_one_name(repo: GitRepo, commit: Callable[..., str]) -> None:
    commit({"datasets/copy/dataset.yaml": update_dataset(None, GOLDEN)})
    with pytest.raises(ConfigError, match="give both the same name"):
        read_state(repo.work_tree(), CONFIG, "copy")


def test_a_version_has_its_own_contract_and_migrations(repo: GitRepo, commit: Callable[..., str]) -> None:
    contract = update_contract(None, "golden", {})
    version = Version(
        "golden",
        SemVer(1, 0, 0),
        "reference",
        "2026-11-22T10:00:00Z",
        HASH,
        hash_contract(contract),
        {"items": VersionTable(MD5, HASH, 3, 99, HASH)},
        migrations={"main": RecordedState("alembic", ("a",))},
    )
    extra = {
        version_path("datasets/golden", version.version): render_version(version),
        contract_path("datasets/golden", version.contract): contract,
        "datasets/golden/contract.yaml": "apiVersion: v3.1.0\n",
    }
    commit(_files() | extra)
    (found,) = read_versions(repo.tree("HEAD"), "datasets/golden")
    state = version_state(repo.tree("HEAD"), CONFIG, found)
    assert (state.ref, state.version, state.contract_text) == ("golden@1.0.0", version, contract)
    assert (state.pointers["items"].object, state.pointers["items"].size_bytes) == (MD5, 99)
    assert state.config.kind is DatasetKind.REFERENCE
    assert state.config.migrations == version.migrations
    assert state.config.diff == GOLDEN.diff
