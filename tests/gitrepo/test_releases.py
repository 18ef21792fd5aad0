"""Release names: the current one, which mean the same, and whose commit is whose."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tdmvc.errors import ConfigError, UsageError
from tdmvc.gitrepo.commits import create_annotated_tag
from tdmvc.gitrepo.releases import current_release, matches, nearest, release_commit, release_of_tag
from tdmvc.gitrepo.repository import GitRepo
from tdmvc.model.dataset import ReleaseSource, RepoConfig

FILE, COMMAND = ReleaseSource.FILE, ReleaseSource.COMMAND


@pytest.mark.parametrize(
    ("spec", "release"),
    [
        ("2.14.0", "2.14.0"),
        ("v2.14.0", "2.14"),
        ("2.14", "V2.14.0"),
        (">=2.13,<2.15", "2.14.3"),
        (">=2.13,<2.15", "v2.14.0-rc.1"),
        ("==2.14.*", "2.14.9"),
        ("~=2.13", "2.99"),
        ("spring-cleaning", "spring-cleaning"),
        ("2.0.0-rc.1", "2.0.0rc1"),
        ("vanilla", "vanilla"),
    ],
)
def test_a_release_that_a_version_is_for(spec: str, release: str) -> None:
    assert matches(spec, release)


@pytest.mark.parametrize(
    ("spec", "release"),
    [
        ("2.14.0", "2.14.1"),
        ("2.14.0", "2.14.0-rc.1"),
        (">=2.13,<2.15", "2.15.0"),
        (">=2.13,<2.15", "2.15.0rc1"),
        (">=2.13,<2.15", "spring-cleaning"),
        (">=nonsense", "2.0"),
        ("anilla", "vanilla"),
        ("spring", "2.0"),
    ],
)
def test_a_release_that_a_version_is_not_for(spec: str, release: str) -> None:
    assert not matches(spec, release)


def test_the_nearest_releases_are_before_and_after_the_requested_one() -> None:
    known = ["1.0", "v2.10.0", "2.9.0", "2.12.0", "3.0.0", "spring"]
    assert nearest("2.11.0", known) == ["v2.10.0", "2.12.0", "2.9.0", "3.0.0"]
    assert nearest("9", known)[0] == "3.0.0"
    assert nearest("sprung", known) == ["spring"]
    assert nearest("1", []) == []


@pytest.mark.parametrize(
    ("tag", "pattern", "release"),
    [
        ("v2.14.0", "v*", "2.14.0"),
        ("app-2.1-final", "app-*-final", "2.1"),
        ("2.1", "v*", "2.1"),
        ("v2.1", "v2.1", "v2.1"),
        ("v2", "[vV]*", "v2"),
    ],
)
def test_a_tag_names_its_release(tag: str, pattern: str, release: str) -> None:
    assert release_of_tag(tag, pattern) == release


def test_the_current_release_comes_from_the_newest_tag(repo: GitRepo, commit: Callable[..., str]) -> None:
    commit({"a": "1"})
    assert current_release(repo, RepoConfig()) is None
    create_annotated_tag(repo, "v2.14.0", "m")
    commit({"a": "2"})
    assert current_release(repo, RepoConfig()) == "2.14.0"


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("pyproject.toml", '[project]\nname = "x"\nversion = "2.14.0"\n'),
        ("pyproject.toml", '[tool.poetry]\nversion = "2.14.0"\n'),
        ("Cargo.toml", '[package]\nversion = "2.14.0"\n'),
        ("web/package.json", '{"name": "x", "version": "2.14.0"}'),
        ("VERSION", "\n2.14.0\n"),
        ("app/__init__.py", '"""App."""\n__version__ = "2.14.0"\n'),
        ("setup.cfg", "[metadata]\nversion = 2.14.0\n"),
    ],
)
def test_the_current_release_comes_from_a_file(repo: GitRepo, path: str, text: str) -> None:
    (repo.root / path).parent.mkdir(exist_ok=True)
    (repo.root / path).write_text(text)
    assert current_release(repo, RepoConfig(release_source=FILE, release_value=path)) == "2.14.0"


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("pyproject.toml", '[project]\ndynamic = ["version"]\n'),
        ("pyproject.toml", "not toml"),
        ("package.json", "[1]"),
        ("package.json", "{"),
        ("VERSION", "\n"),
    ],
)
def test_a_file_without_a_release_is_named(repo: GitRepo, path: str, text: str) -> None:
    (repo.root / path).write_text(text)
    with pytest.raises(ConfigError, match=path):
        current_release(repo, RepoConfig(release_source=FILE, release_value=path))


def test_a_missing_file_is_named(repo: GitRepo) -> None:
    with pytest.raises(ConfigError, match="VERSION"):
        current_release(repo, RepoConfig(release_source=FILE, release_value="VERSION"))


def test_a_command_is_run_only_when_needed_and_never_by_a_shell(repo: GitRepo) -> None:
    def config(command: str) -> RepoConfig:
        return RepoConfig(release_source=COMMAND, release_value=command)

    assert current_release(repo, config("touch ran")) is None
    assert not (repo.root / "ran").exists()
    assert current_release(repo, config("echo '2.14.0; touch ran'"), run_command=True) == "2.14.0; touch ran"
    assert not (repo.root / "ran").exists()
    for command in ("false", "no-such-command-here", "echo", "printf 'a\\nb'", "'", ""):
        with pytest.raises(UsageError):
            current_release(repo, config(command), run_command=True)


def test_the_commit_of_a_release_is_its_tags(
    repo: GitRepo, app: Path, commit: Callable[..., str], shell: Callable[..., str]
) -> None:
    first = commit({"a": "1"})
    create_annotated_tag(repo, "v2.14.0", "m")
    second = commit({"a": "2"})
    shell(app, "tag", "plain-name")
    shell(app, "tag", "v2.15")
    config = RepoConfig()
    for name in ("2.14.0", "v2.14.0", "2.14"):
        assert release_commit(repo, config, name) == first
    for name in ("2.15.0", "plain-name", second[:10]):
        assert release_commit(repo, config, name) == second
    assert release_commit(repo, config, "9.9.9") is None
    assert release_commit(repo, config, "--all") is None
