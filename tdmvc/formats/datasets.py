"""Lists the datasets of a tree and reads the state of each: in the work tree, a revision or a version."""

import posixpath
from dataclasses import replace

from tdmvc.contracts.odcs.reading import CONTRACT_FILE, parse_contract
from tdmvc.errors import ConfigError, NotFoundError
from tdmvc.formats.dataset import DATASET_FILE, parse_dataset
from tdmvc.formats.pointers import read_pointers
from tdmvc.formats.versions import contract_path, read_contract_text
from tdmvc.model.dataset import DatasetConfig, DatasetKind, DatasetState, Pointer, RepoConfig
from tdmvc.model.schema import Contract
from tdmvc.model.tree import WORK_TREE, FileTree, names_revision
from tdmvc.model.version import Version


def dataset_path(config: RepoConfig, name: str) -> str:
    """Return the path of a dataset's folder, from the repository's root."""
    return posixpath.normpath(posixpath.join(config.datasets_folder, name))


def list_datasets(tree: FileTree, config: RepoConfig) -> list[str]:
    """Return the names of all datasets: the folders that have a dataset.yaml, sorted."""
    top = posixpath.normpath(config.datasets_folder)
    prefix = "" if top == "." else top + "/"
    names = []
    for path in tree.list_files(config.datasets_folder):
        folder, _, file = path.removeprefix(prefix).rpartition("/")
        if file == DATASET_FILE and folder and "/" not in folder:
            names.append(folder)
    return sorted(names)


@names_revision
def read_config_of(tree: FileTree, config: RepoConfig, name: str) -> DatasetConfig:
    """Read a dataset's dataset.yaml.

    Raises:
        NotFoundError: the tree has no such dataset.
        ConfigError: the file is wrong, or names another dataset than its folder.
    """
    path = posixpath.join(dataset_path(config, name), DATASET_FILE)
    # A name with a slash would find a file outside the datasets' folder.
    text = tree.read_text(path) if "/" not in name and name not in ("", ".", "..") else None
    if text is None:
        raise NotFoundError.named("dataset", name, list_datasets(tree, config), where=tree.label)
    dataset = parse_dataset(text, path)
    if dataset.name != name:
        raise ConfigError.at(
            f"The folder is named '{name}' and the dataset in it '{dataset.name}'.",
            path,
            key="name",
            remedy="give both the same name.",
        )
    return dataset


@names_revision
def read_state(tree: FileTree, config: RepoConfig, name: str) -> DatasetState:
    """Return a dataset as a tree has it: the pointers, the contract and dataset.yaml.

    Raises:
        NotFoundError: the tree has no such dataset.
        ConfigError: a file is wrong.
    """
    dataset = read_config_of(tree, config, name)
    folder = dataset_path(config, name)
    path = posixpath.join(folder, CONTRACT_FILE)
    text = tree.read_text(path)
    return DatasetState(
        ref=name if tree.label == WORK_TREE else f"{name}@{tree.label}",
        config=dataset,
        contract=parse_contract(text, path) if text is not None else Contract(),
        pointers=read_pointers(tree, folder),
        contract_text=text or "",
    )


@names_revision
def version_state(tree: FileTree, config: RepoConfig, version: Version) -> DatasetState:
    """Return a dataset as a published version has it.

    What the version does not hold (how tables are compared) is read from the tree's own dataset.yaml.

    Raises:
        NotFoundError: the version's contract does not exist.
        ConfigError: the contract was edited, or a file is wrong.
    """
    folder = dataset_path(config, version.dataset)
    text = read_contract_text(tree, folder, version)
    try:
        dataset = read_config_of(tree, config, version.dataset)
    except NotFoundError:
        dataset = DatasetConfig(version.dataset)  # the dataset was removed, its versions stay
    kind = DatasetKind(version.kind) if version.kind in set(DatasetKind) else dataset.kind
    return DatasetState(
        ref=version.ref,
        config=replace(dataset, kind=kind, migrations=version.migrations),
        contract=parse_contract(text, contract_path(folder, version.contract)),
        pointers={
            name: Pointer(name, table.object, size_bytes=table.bytes)
            for name, table in sorted(version.tables.items())
        },
        version=version,
        contract_text=text,
    )
