"""Reads and writes tdmvc.yaml: where datasets and migrations are, releases, environments."""

from pathlib import Path

from tdmvc.errors import NotFoundError
from tdmvc.formats.environments import missing_folder, read_environments, render_environment
from tdmvc.model.dataset import ReleaseSource, RepoConfig
from tdmvc.model.environment import Environment
from tdmvc.model.migration import MigrationLocation
from tdmvc.model.tree import FileTree, names_revision
from tdmvc.yaml.node import YamlNode
from tdmvc.yaml.reader import check_format, parse_yaml
from tdmvc.yaml.writer import flow_mapping, scalar

CONFIG_FILE = "tdmvc.yaml"
FORMAT = "tdmvc/1"


@names_revision
def read_config(tree: FileTree) -> RepoConfig:
    """Read the repository's tdmvc.yaml.

    Raises:
        NotFoundError: there is none.
        ConfigError: it is wrong; the line and key are named.
    """
    text = tree.read_text(CONFIG_FILE)
    if text is None:
        raise NotFoundError(
            "This is not a tdmvc repository: it has no tdmvc.yaml.",
            where=tree.label,
            remedy="run `tdmvc init` at the root of the repository, and commit what it writes.",
        )
    return parse_config(text, CONFIG_FILE)


def parse_config(text: str, path: str) -> RepoConfig:
    """Read the text of a tdmvc.yaml.

    Raises:
        ConfigError: it is wrong; the line and key are named.
    """
    root = parse_yaml(text, path)
    _check_texts(root)
    root.only("format", "datasets", "app", "migrations", "environments", "store")
    check_format(root, FORMAT)
    datasets = root.child("datasets")
    app = root.child("app")
    source, value = ReleaseSource.TAGS, "v*"
    if app is not None:
        app.only("name", "release")
        release = app.child("release")
        if release is not None:
            source, value = _read_release(release)
    migrations = root.child("migrations")
    environments = root.child("environments")
    store = root.child("store")
    return RepoConfig(
        datasets_folder=datasets.as_inner_path() if datasets else "datasets",
        app_name=app.text("name") if app else None,
        release_source=source,
        release_value=value,
        migrations=tuple(_read_location(name, node) for name, node in migrations.entries())
        if migrations
        else (),
        environments=read_environments(environments) if environments else (),
        release_remote=store.only("release_remote").text("release_remote") if store else None,
    )


def check_folder(root: Path, environment: Environment) -> None:
    """Make sure that the folder of an environment exists.

    Raises:
        ConfigError: it does not; the line of tdmvc.yaml and the key are named.
    """
    if not (root / environment.folder).is_dir():
        node = parse_yaml((root / CONFIG_FILE).read_text(encoding="utf-8"), CONFIG_FILE)
        raise missing_folder(node.need("environments"), environment)


def _check_texts(node: YamlNode) -> None:
    """Refuse what no program takes as an argument and no disk as a name."""
    if isinstance(node.value, str):
        if any(character == "\0" or "\ud800" <= character <= "\udfff" for character in node.value):
            raise node.error("The text has a NUL character or half of a character.", remedy="remove it.")
        return
    for child in node.value.values() if isinstance(node.value, dict) else node.value:
        _check_texts(child)


def render_config(config: RepoConfig) -> str:
    """Return the text of a new tdmvc.yaml."""
    lines = [f"format: {FORMAT}", f"datasets: {scalar(config.datasets_folder)}", "app:"]
    if config.app_name is not None:
        lines.append(f"  name: {scalar(config.app_name)}")
    lines.append(f"  release: {flow_mapping([(config.release_source.value, scalar(config.release_value))])}")
    if config.migrations:
        lines.append("migrations:")
        for location in config.migrations:
            entries = [("tool", scalar(location.tool)), ("path", scalar(location.path))]
            if location.pattern is not None:
                entries.append(("pattern", scalar(location.pattern)))
            lines.append(f"  {scalar(location.name)}: {flow_mapping(entries)}")
    if config.environments:
        lines += ["environments:", *(line for one in config.environments for line in render_environment(one))]
    if config.release_remote is not None:
        lines += ["store:", f"  release_remote: {scalar(config.release_remote)}"]
    return "\n".join(lines) + "\n"


def _read_release(node: YamlNode) -> tuple[ReleaseSource, str]:
    entries = node.only(*ReleaseSource).entries()
    if len(entries) != 1:
        raise node.error(
            "Exactly one source of the release is expected here.",
            remedy='write {tags: "v*"}, {file: pyproject.toml} or {command: …}.',
        )
    kind, value = entries[0]
    source = ReleaseSource(kind)
    return source, value.as_inner_path() if source is ReleaseSource.FILE else value.as_text()


def _read_location(name: str, node: YamlNode) -> MigrationLocation:
    node.only("tool", "path", "pattern")
    return MigrationLocation(
        name=name,
        tool=node.need("tool").as_text(),
        path=node.need("path").as_inner_path(),
        pattern=node.text("pattern"),
    )
