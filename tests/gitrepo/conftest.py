import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from tdmvc.gitrepo.repository import GitRepo

Shell = Callable[..., str]


@pytest.fixture(autouse=True)
def _plain_git(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in [name for name in os.environ if name.startswith("GIT_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(tmp_path / "no-such-config"))
    monkeypatch.setenv("GIT_CONFIG_NOSYSTEM", "1")
    monkeypatch.setenv("HOME", str(tmp_path))


@pytest.fixture
def shell() -> Shell:
    def run(folder: Path, *words: str) -> str:
        done = subprocess.run(["git", *words], cwd=folder, capture_output=True, text=True, check=True)
        return done.stdout.strip()

    return run


@pytest.fixture
def app(tmp_path: Path, shell: Shell) -> Path:
    """An empty repository with an identity."""
    folder = tmp_path / "my app"
    folder.mkdir()
    shell(folder, "init", "--quiet", "--initial-branch=main")
    shell(folder, "config", "user.name", "Ada")
    shell(folder, "config", "user.email", "ada@example.com")
    return folder


@pytest.fixture
def commit(app: Path, shell: Shell) -> Callable[..., str]:
    """Write files (path=text by mapping), commit everything and return the commit."""

    def run(files: dict[str, str], message: str = "change") -> str:
        for path, text in files.items():
            target = app / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(text.encode())
        shell(app, "add", "--all")
        shell(app, "commit", "--quiet", "--allow-empty", "-m", message)
        return shell(app, "rev-parse", "HEAD")

    return run


@pytest.fixture
def repo(app: Path) -> GitRepo:
    return GitRepo.find(app)
