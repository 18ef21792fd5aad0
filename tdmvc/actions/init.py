"""`init`: sets up a Git repository for datasets."""

import re
from pathlib import Path

from tdmvc.environments.planning.suggestion import suggest_environment
from tdmvc.formats.config import CONFIG_FILE, read_config, render_config
from tdmvc.formats.environments import render_environment_in_line
from tdmvc.gitrepo.releases import read_release, suggest_source
from tdmvc.gitrepo.repository import GitRepo
from tdmvc.hosts import HOSTS, read_templates
from tdmvc.migrations import detect_readable
from tdmvc.model.dataset import RepoConfig
from tdmvc.model.migration import UnreadableLocation
from tdmvc.model.report import InitReport
from tdmvc.store import dvc
from tdmvc.store.atomic_files import write_atomic

CI_HOSTS = tuple(HOSTS)
"""The hosts whose CI can be set up."""

_ENVIRONMENTS = re.compile(r"^environments[ \t]*:", re.MULTILINE)
_GITLAB_CI = ".gitlab-ci.yml"
_GITLAB_INCLUDED = ".gitlab/tdmvc.yml"


def init(path: Path | str = ".", *, ci: str | None = None) -> InitReport:
    """Set up DVC if it is missing, find the migrations, and write tdmvc.yaml.

    Existing files stay as they are, so a second call does no harm. If tdmvc.yaml names no environment, a note has one.

    Args:
        ci: a host of `CI_HOSTS` whose workflow files are written too.

    Raises:
        NotFoundError: there is no such host.
        UsageError: `path` is not in a Git repository.
        ConfigError: tdmvc.yaml exists and is wrong.
    """
    workflows = read_templates(ci) if ci is not None else {}
    git = GitRepo.find(Path(path))
    tree = git.work_tree()
    created: list[str] = []
    found: list[str] = []
    if not (git.root / ".dvc").is_dir():
        dvc.init_repository(git.root, is_subfolder=False)
        created += [
            name for name in (".dvc/.gitignore", ".dvc/config", ".dvcignore") if (git.root / name).is_file()
        ]
    text = tree.read_text(CONFIG_FILE)
    if text is not None:
        config = read_config(tree)
        found = _note_environment(git, config, text)
    else:
        config, unreadable = _suggest(git)
        found = [_note_unreadable(one) for one in unreadable]
        write_atomic(git.root / CONFIG_FILE, render_config(config).encode(), writer="init")
        created.append(CONFIG_FILE)
    written, notes = _write_workflows(git.root, workflows)
    release, fault = read_release(git, config)
    notes += [*([fault] if fault else []), *found]
    return InitReport(
        str(git.root), (*created, *written), config.migrations, tuple(notes), release, config.environments
    )


def _write_workflows(root: Path, workflows: dict[str, str]) -> tuple[list[str], list[str]]:
    """Write the missing files; return their names, and notes on the others."""
    written: list[str] = []
    notes: list[str] = []
    for name, text in workflows.items():
        path = root / name
        if path.is_symlink() or path.exists():
            present = path.read_text(encoding="utf-8", errors="replace") if path.is_file() else ""
            if name == _GITLAB_CI:
                if not _includes(present):
                    notes.append(
                        f"{name} exists and was not changed; add to it: include: [{{local: {_GITLAB_INCLUDED}}}]"
                    )
            elif present != text:
                notes.append(
                    f"{name} exists and was not changed, but it differs from what this version of tdmvc writes; "
                    "to replace it, remove it and run the command again."
                )
            continue
        write_atomic(path, text.encode(), writer="init")
        written.append(name)
    return written, notes


def _includes(text: str) -> bool:
    """Return whether a .gitlab-ci.yml includes our file, in any notation."""
    lines = (line for line in text.splitlines() if not line.lstrip().startswith("#"))
    return any(_GITLAB_INCLUDED in line for line in lines)


def _suggest(git: GitRepo) -> tuple[RepoConfig, tuple[UnreadableLocation, ...]]:
    """Return the settings that can be read from the repository itself, and the migrations that cannot be read."""
    tree = git.unignored_tree()
    source, value = suggest_source(git, tree, git.root.name)
    migrations, unreadable = detect_readable(tree)
    environment = suggest_environment(tree, migrations)
    config = RepoConfig(
        app_name=git.root.name,
        release_source=source,
        release_value=value,
        migrations=migrations,
        environments=(environment,) if environment is not None else (),
    )
    return config, unreadable


def _note_environment(git: GitRepo, config: RepoConfig, text: str) -> list[str]:
    """Return a note with an environment for a tdmvc.yaml that names none.

    Args:
        text: that of tdmvc.yaml; it may have the key without an environment in it.
    """
    if config.environments:
        return []
    environment = suggest_environment(git.unignored_tree(), config.migrations)
    if environment is None:
        return []
    how = "write it instead of the empty `environments`" if _ENVIRONMENTS.search(text) else "add it as it is"
    return [
        f"{CONFIG_FILE} names no environment for `tdmvc run`. This one fits the repository; {how}: "
        f"`{render_environment_in_line(environment)}`"
    ]


def _note_unreadable(found: UnreadableLocation) -> str:
    place = found.location
    return (
        f"There are migrations of {place.tool} in {place.path}, but they cannot be read, so tdmvc.yaml does not name "
        f"them: {found.message.rstrip('.')} ({found.where}). Correct this, then add to `migrations` in tdmvc.yaml: "
        f"`{place.name}: {{tool: {place.tool}, path: {place.path}}}`."
    )
