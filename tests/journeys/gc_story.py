"""A repository with a remote and a Git server, in which garbage is made and aged at will."""

import json
import os
import shutil
import time
from dataclasses import dataclass
from pathlib import Path

from tests.builders import Ran, Tdmvc, git, run_quietly


@dataclass
class Story:
    """One repository, told what to do in a few words."""

    repo: Path
    tdmvc: Tdmvc

    @property
    def remote(self) -> Path:
        return self.repo.parent / "storage"

    @property
    def server(self) -> Path:
        return self.repo.parent / "server.git"

    @property
    def cache(self) -> Path:
        return self.repo / ".dvc" / "cache" / "files" / "md5"

    def set_up(self) -> None:
        """Configure a DVC remote and a Git server, and commit that."""
        config = self.repo / ".dvc" / "config"
        config.write_text(
            "[core]\n    remote = storage\n['remote \"storage\"']\n    url = ../../storage\n"
            "['remote \"archive\"']\n    url = ../../archive\n"
        )
        git(self.repo.parent, "init", "-q", "--bare", "-b", "main", str(self.server))
        git(self.repo, "remote", "add", "origin", str(self.server))
        self.commit("Set up")
        git(self.repo, "push", "-q", "-u", "origin", "main")

    def copied_to(self, repo: Path, tdmvc: Tdmvc) -> "Story":
        """Copy the repository, with its remotes, into the place of another one."""
        shutil.rmtree(repo)
        shutil.copytree(self.repo.parent, repo.parent, symlinks=True, dirs_exist_ok=True)
        copied = Story(repo, tdmvc)
        git(repo, "remote", "set-url", "origin", str(copied.server))
        git(repo, "update-index", "-q", "--refresh")
        return copied

    def add(self, mark: object, *, table: str = "orders", folder: Path | None = None) -> str:
        """Take rows in that say the mark; return the listing's object."""
        folder = folder or self.repo
        source = self.repo.parent / f"{table}.csv"
        source.write_text(f"id,mark\n1,{mark}\n2,{mark}\n")
        self.tdmvc("add", "golden", source, "--key", f"{table}=id", folder=folder)
        return self.pointer(table, folder)

    def pointer(self, table: str = "orders", folder: Path | None = None) -> str:
        text = ((folder or self.repo) / f"datasets/golden/{table}.dvc").read_text()
        return text.split("md5: ")[1].split()[0]

    def commit(self, message: str) -> str:
        git(self.repo, "add", "-A")
        git(self.repo, "commit", "-q", "-m", message)
        return git(self.repo, "rev-parse", "HEAD")

    def forget(self) -> None:
        """Let Git's reflogs go, as they do by themselves in time."""
        git(self.repo, "reflog", "expire", "--expire=now", "--expire-unreachable=now", "--all")
        for path in (self.repo / ".git").glob("*_HEAD"):
            path.unlink()

    def age(self, *folders: Path, days: float = 60) -> None:
        """Make all objects old: of the cache, or of other places."""
        then = time.time() - days * 86_400
        for folder in folders or (self.cache,):
            for path in objects_in(folder):
                os.utime(path, (then, then))

    def has(self, oid: str, place: Path | None = None) -> bool:
        return ((place or self.cache) / oid[:2] / oid[2:]).is_file()

    def closure(self, oid: str, place: Path | None = None) -> set[str]:
        listing = (place or self.cache) / oid[:2] / oid[2:]
        return {oid} | {entry["md5"] for entry in json.loads(listing.read_bytes())}

    def gc(self, *words: object, code: int = 0, folder: Path | None = None) -> dict:
        return self.tdmvc("gc", "--format", "json", *words, code=code, folder=folder or self.repo).json

    def would_go(self, *words: object) -> set[str]:
        return {one["object"] for one in self.gc(*words)["garbage"]}

    def reasons(self, *words: object, folder: Path | None = None) -> dict[str, dict]:
        """Return the refusals of a gc that must refuse, and remove nothing even if told to."""
        before = names_in(self.cache)
        output = self.gc(*words, "--apply", code=1, folder=folder)
        assert output["garbage"] == []
        assert names_in(self.cache) == before
        for refusal in output["refusals"]:
            assert refusal["message"]
            assert "`" in refusal["remedy"] or "--" in refusal["remedy"], "a remedy is something to type"
        return {refusal["reason"]: refusal for refusal in output["refusals"]}

    def clone(self, name: str, *words: str) -> Path:
        folder = self.repo.parent / name
        git(self.repo.parent, "clone", "-q", *words, f"file://{self.server}", str(folder))
        return folder


def quiet_story(app: Path) -> Story:
    """Return a story for a fixture that several tests share: its commands end with 0, and print nothing."""
    return Story(app, lambda *words, folder=app: Ran(0, run_quietly(folder, *words), ""))


def objects_in(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()] if folder.is_dir() else []


def names_in(folder: Path) -> set[str]:
    return {path.parent.name + path.name for path in objects_in(folder)}


def lose(story: Story, oid: str) -> Path:
    """Move an object out of the cache, to a folder next to it."""
    path = story.cache / oid[:2] / oid[2:]
    aside = story.repo.parent / oid
    shutil.move(path, aside)
    return aside
