"""Running the program `git` and reading objects from it. The only module that uses GitPython."""

import os
import shlex
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from tdmvc.errors import UsageError
from tdmvc.gitrepo.object_reader import ObjectReader
from tdmvc.model.text import short_commit

if TYPE_CHECKING:
    import git

# Paths are never patterns, reads take no lock, and a status runs no configured monitor.
# Messages are in English, because some of them are recognized.
_ENVIRONMENT = {
    "GIT_OPTIONAL_LOCKS": "0",
    "GIT_LITERAL_PATHSPECS": "1",
    "GIT_TERMINAL_PROMPT": "0",
    "LANGUAGE": "C",
}
_SETTINGS = ("-c", "core.fsmonitor=false", "-c", "core.quotePath=false", "-c", "log.showSignature=false")
_FEW = 4
"""Up to this many objects are read by the shared process."""
_BATCH_IDS = 64
"""How many ids are written before the first answer is read; they fit into any pipe, which holds at least 4 KiB."""


class GitFailure(UsageError):
    """Git ended with an error, because of its arguments, its configuration or a damaged repository."""

    def __init__(self, why: str, status: int, root: Path) -> None:
        super().__init__(
            f"Git failed: {why}",
            where=str(root),
            remedy="correct what Git reports (`git fsck` checks the repository), then run the same command again.",
        )
        self.why = why
        """Git's own message."""
        self.status = status


class UntrustedRepository(GitFailure):
    """Git refuses to work in a repository that belongs to another user."""

    def __init__(self, why: str, root: Path) -> None:
        super().__init__(why, 128, root)
        self.what = "Git does not trust this repository: its folder belongs to another user."
        self.remedy = (
            f"if you trust it, run `git config --global --add safe.directory {shlex.quote(str(root))}`."
        )
        self.args = (self.message,)


class GitMissing(UsageError):
    """There is no program called `git`."""

    def __init__(self) -> None:
        super().__init__("The command `git` was not found.", remedy="install Git 2.25 or newer.")


class GitCommands:
    """Runs Git in one folder; one process reads all objects until `close`."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._reader: ObjectReader | None = None

    @cached_property
    def _git(self) -> "git.Git":
        try:
            import git
        except ImportError:
            # It looks for the program when it is imported.
            raise GitMissing from None
        commands = git.Git(str(self._root))
        commands.update_environment(**_ENVIRONMENT)
        return commands

    def run(self, *words: str, env: dict[str, str] | None = None) -> str:
        """Return what a command prints, with line ends and NUL bytes unchanged.

        Raises:
            GitFailure: the command fails.
            GitMissing: it is not installed.
        """
        return self.run_bytes(*words, env=env).decode("utf-8", "surrogateescape")

    def run_bytes(self, *words: str, env: dict[str, str] | None = None) -> bytes:
        """Return the bytes that a command prints."""
        status, output, message = self.ask(*words, env=env)
        if status:
            raise GitFailure(
                message or output.decode("utf-8", "replace").strip() or f"exit code {status}",
                status,
                self._root,
            )
        return output

    def try_run(self, *words: str) -> str | None:
        """Return what a command prints, or None if it fails."""
        status, output, _ = self.ask(*words)
        return None if status else output.decode("utf-8", "surrogateescape")

    def ask(self, *words: str, env: dict[str, str] | None = None) -> tuple[int, bytes, str]:
        """Run a command whose exit code is an answer; return the code, the output and the error text.

        Raises:
            UntrustedRepository: the repository belongs to another user, so nothing that Git says is an answer.
            GitMissing: Git is not installed.
        """
        commands = self._git
        from git import GitCommandNotFound

        try:
            status, output, message = commands.execute(
                self._command(*words),
                env=env,
                with_extended_output=True,
                with_exceptions=False,
                stdout_as_string=False,
                strip_newline_in_stdout=False,
            )
        except GitCommandNotFound:
            raise GitMissing from None
        if ended := _ended_by_signal(status):
            # Otherwise it would count as the answer "no".
            raise GitFailure(f"`git {words[0]}` {ended}", status, self._root)
        text = str(message).strip()
        if status and ("dubious ownership" in text or "unsafe repository" in text):
            raise UntrustedRepository(text, self._root)
        return status, output if isinstance(output, bytes) else output.encode(), text

    def run_to_end(self, *words: str, text: str | None = None) -> tuple[int, str]:
        """Run a command that completes even if this process is killed; return its exit code and output.

        It reads and writes files, because a broken pipe could stop it between the work tree and the index.

        Args:
            text: what it reads from its standard input.
        """
        with tempfile.TemporaryFile() as given, tempfile.TemporaryFile() as output:
            given.write((text or "").encode("utf-8", "surrogateescape"))
            given.seek(0)
            done = subprocess.run(
                self._command(*words),
                cwd=self._root,
                env={**os.environ, **_ENVIRONMENT},
                stdin=given,
                stdout=output,
                stderr=subprocess.STDOUT,
                check=False,
            )
            output.seek(0)
            text = output.read().decode("utf-8", "replace").strip()
            return done.returncode, text or _ended_by_signal(done.returncode)

    def list_unignored(self, folder: str) -> list[str] | None:
        """Return the files below a folder that Git tracks or would track, in no particular order; None if Git fails.

        Runs Git without GitPython, whose import takes longer than most questions about the
        work tree, which need nothing else of Git.
        """
        words = ("ls-files", "-z", "--cached", "--others", "--exclude-standard", "--", folder or ".")
        program = os.environ.get("GIT_PYTHON_GIT_EXECUTABLE") or "git"
        try:
            done = subprocess.run(
                [program, *_SETTINGS, *words],
                cwd=self._root,
                env={**os.environ, **_ENVIRONMENT},
                stdin=subprocess.DEVNULL,
                capture_output=True,
                check=False,
            )
        except OSError:
            return None
        if done.returncode:
            return None
        return [path for path in done.stdout.decode("utf-8", "surrogateescape").split("\0") if path]

    def object_id(self, name: str) -> str | None:
        """Return the id of the object with a name such as `REV:PATH`, or None."""
        if "\n" in name:
            return None
        try:
            found = self._git.get_object_header(name)[0]
        except ValueError:
            return None
        return found.decode() if isinstance(found, bytes) else str(found)

    def object_ids(self, names: Sequence[str]) -> Iterator[str | None]:
        """Yield the object id of each `REV:PATH` in order, or None. Cost: one process for all."""
        if not names:
            return
        command = self._command("cat-file", "--batch-check=%(objectname)")
        asker = self._open(command)
        try:
            for start in range(0, len(names), _BATCH_IDS):
                yield from asker.ask(names[start : start + _BATCH_IDS])
        finally:
            asker.close()

    def commit_id(self, rev: str) -> str | None:
        """Return the commit that a revision names, or None. Cost: none beside the process that reads objects.

        Raises:
            UntrustedRepository: the repository belongs to another user.
            GitMissing: Git is not installed.
        """
        try:
            return self._shared_reader().find_commit(rev)
        except GitFailure:
            # The process ended; another one tells why, or answers.
            self.close()
            found = self.try_run("rev-parse", "--verify", "--quiet", f"{rev}^{{commit}}")
            return found.strip() or None if found is not None else None

    def read_object(self, sha: str) -> bytes:
        """Return an object's content, whatever its size."""
        ((content, _),) = self.read_objects([sha])
        return content or b""

    def read_objects(
        self, ids: Sequence[str], *, most_bytes: int | None = None
    ) -> Iterator[tuple[bytes | None, int]]:
        """Yield (content, size) of each object, in order; an object larger than `most_bytes` has no content.

        Many ids get a process of their own, so other objects can be read before the iterator ends.

        Raises:
            GitFailure: an object is missing or damaged.
        """
        if len(ids) <= _FEW:
            for id_ in ids:
                yield from self._shared_reader().read([id_], most_bytes)
            return
        reader = self._open_reader()
        try:
            for start in range(0, len(ids), _BATCH_IDS):
                yield from reader.read(ids[start : start + _BATCH_IDS], most_bytes)
        finally:
            reader.close()

    def close(self) -> None:
        """End the processes that read objects; the next read starts another."""
        if "_git" in self.__dict__:  # otherwise GitPython would be imported only to end nothing
            self._git.clear_cache()
        if self._reader is not None:
            self._reader.close()
            self._reader = None

    def _shared_reader(self) -> ObjectReader:
        if self._reader is None:
            self._reader = self._open_reader()
        return self._reader

    def _open_reader(self) -> ObjectReader:
        # A warning that nobody reads could fill the pipe.
        return self._open(self._command("-c", "core.warnAmbiguousRefs=false", "cat-file", "--batch"))

    def _open(self, command: list[str]) -> ObjectReader:
        commands = self._git
        from git import GitCommandNotFound

        try:
            process = commands.execute(command, istream=subprocess.PIPE, as_process=True)
        except GitCommandNotFound:
            raise GitMissing from None
        return ObjectReader(process, self._unreadable)

    def _unreadable(self, id_: str) -> GitFailure:
        return GitFailure(f"it cannot read the object {short_commit(id_)}", 128, self._root)

    def _command(self, *words: str) -> list[str]:
        git_class = type(self._git)
        if any("\0" in word for word in words):
            raise GitFailure("an argument has a NUL character", 128, self._root)
        return [git_class.GIT_PYTHON_GIT_EXECUTABLE or "git", *_SETTINGS, *words]


def _ended_by_signal(status: int) -> str:
    """Return that a program was killed, in words; empty if it ended by itself."""
    return f"was ended by signal {-status}" if status < 0 else ""
