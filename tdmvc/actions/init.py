"""`init`: make a Git repository ready for datasets."""

from pathlib import Path

from tdmvc.migrations import detect
from tdmvc.model.dataset import ReleaseSource, RepoConfig
from tdmvc.model.report import InitReport
from tdmvc.repo.config import CONFIG_FILE, read_config, render_config
from tdmvc.repo.git import GitRepo
from tdmvc.store import dvc
from tdmvc.store.durable import write_atomic

_RELEASE_FILES = ("pyproject.toml", "package.json", "VERSION")


def init(path: Path | str = ".") -> InitReport:
    """Set up DVC where it is missing, find the migrations, and write tdmvc.yaml.

    What is there already stays as it is, so a second call does no harm.

    Raises:
        UsageError: `path` is in no Git repository.
        ConfigError: there is a tdmvc.yaml, and it is wrong.
    """
    git = GitRepo.find(Path(path))
    tree = git.work_tree()
    created: list[str] = []
    if not (git.root / ".dvc").is_dir():
        dvc.init_repository(git.root, is_subfolder=False)
        created += [
            name for name in (".dvc/.gitignore", ".dvc/config", ".dvcignore") if (git.root / name).is_file()
        ]
    if tree.read_text(CONFIG_FILE) is not None:
        config = read_config(tree)
    else:
        config = _suggest(git)
        write_atomic(git.root / CONFIG_FILE, render_config(config).encode())
        created.append(CONFIG_FILE)
    return InitReport(str(git.root), tuple(created), config.migrations)


def _suggest(git: GitRepo) -> RepoConfig:
    """Fill in what the repository itself tells."""
    tree = git.work_tree()
    source, value = ReleaseSource.TAGS, "v*"
    if not git.tags("v*"):
        found = next((name for name in _RELEASE_FILES if tree.read_text(name) is not None), None)
        if found:
            source, value = ReleaseSource.FILE, found
    return RepoConfig(
        app_name=git.root.name, release_source=source, release_value=value, migrations=detect(tree)
    )
