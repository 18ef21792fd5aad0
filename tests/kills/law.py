"""The one law of all kills: nothing is lost, every message helps, and the command can be done again."""

import re
import shlex
import shutil
from dataclasses import dataclass, field
from pathlib import Path

from tests.builders import git, run_quietly
from tests.journeys.command_runner import CommandRunner, Finished, Kill
from tests.kills.scenarios import Scenario
from tests.kills.shop import KillShop, differences, fingerprint, lost_objects, user_work
from tests.series import trials

MOST_STEPS = 8
_COMMANDS = re.compile(r"`((?:tdmvc|git|rm|dvc) [^`]*)`|\"(git [^\"]*)\"")
_OVERWRITTEN = re.compile(r"overwritten by (?:merge|checkout):\n((?:[\t ]+\S+\n?)+)")
_LOCK = re.compile(r"(/\S*?\.lock)\b")


@dataclass
class Stage:
    """One scenario, undisturbed: where it begins, what it does, and how it ends."""

    scenario: Scenario
    template: Path
    shop: KillShop
    runner: CommandRunner
    operations: int = 0
    seconds: float = 0.0
    expected: dict[str, object] = field(default_factory=dict)
    work: dict[str, str] = field(default_factory=dict)

    def set_up(self, base: Path) -> None:
        """Prepare the beginning, and run the command undisturbed."""
        shutil.rmtree(self.shop.folder, ignore_errors=True)
        shutil.copytree(base, self.shop.folder, symlinks=True)
        if not self.scenario.is_edited:
            run_quietly(self.shop.app, "-q", "checkout", "reference", "--force")
        self.scenario.prepare(self.shop)
        shutil.rmtree(self.template, ignore_errors=True)
        shutil.copytree(self.shop.folder, self.template, symlinks=True)
        # Twice in a long series: what differs then is not the fault of a kill.
        for _ in range(trials(2, 1)):
            self.restore()
            self.work = user_work(self.shop)
            ran = self.run(self.scenario.words, Kill(9, at=0))
            assert ran.codes == [self.scenario.code], ran
            expected = fingerprint(self.shop)
            assert not self.expected or differences(expected, self.expected) == {}
            self.expected = expected
        self.operations, self.seconds = ran.operations, ran.seconds

    def restore(self) -> None:
        shutil.rmtree(self.shop.folder)
        shutil.copytree(self.template, self.shop.folder, symlinks=True)

    def run(self, words: tuple[str, ...], kill: Kill | None = None) -> Finished:
        """Run a command in the clone."""
        place = ("-C", str(self.shop.app)) if words[0] in ("tdmvc", "git") else ()
        return self.runner.run_programs([words[0], *place, *words[1:]], kill=kill)

    def kill_once(self, kill: Kill, choice: int) -> bool:
        """Kill the command in its beginning and make sure that the law holds; return whether the kill landed.

        Args:
            choice: which of several commands that a message advises is followed.
        """
        self.restore()
        killed = self.run(self.scenario.words, kill)
        is_gone = killed.codes[0] in (-kill.signal, 128 + kill.signal)
        has_landed = killed.has_landed if kill.at is not None else is_gone
        told = [f"{kill}: {killed.codes} {killed.err[0]}"]
        try:
            assert killed.codes[0] != 70, "a bug"
            self.check_nothing_is_lost()
            reader = ("status", "verify", "diff")[choice % 3]
            ran = self.run(("tdmvc", reader))
            told.append(f"{reader}: {ran.codes} {ran.err[0]}")
            assert ran.codes[0] in (0, 1, 2, 4, 6), "a reader fails"
            if killed.codes[0] == self.scenario.code and self._is_at_the_end():
                return has_landed
            chosen = choice if self.scenario.choice is None else self.scenario.choice
            self.finish(told, chosen)
            self.check_nothing_is_lost()
            self.check_end()
        except AssertionError as error:
            raise AssertionError("\n".join([str(error), *told])) from error
        return has_landed

    def check_nothing_is_lost(self) -> None:
        assert user_work(self.shop) == self.work, "edits are lost"
        assert lost_objects(self.shop) == set(), "rows are lost"

    def check_end(self) -> None:
        actual, expected = fingerprint(self.shop), dict(self.expected)
        if self.scenario.words[0] == "git":
            # A killed Git leaves what it gave to the driver, a killed driver what it wrote; only tdmvc removes both.
            files: dict[str, str] = actual["files"]  # type: ignore[assignment]
            actual["files"] = {
                name: one
                for name, one in files.items()
                if not name.startswith((".merge_file_", ".tdmvc-git-merge-"))
            }
        for name in ("cache", "remote", "archive") if self.scenario.words[1] != "gc" else ():
            # What a killed command has stored and nothing names is removed by gc.
            actual[name] = sorted({*actual[name]} & {*expected[name]})  # type: ignore[misc]
        found = differences(actual, expected)
        assert found == {}, f"the end differs: {found}"

    def finish(self, told: list[str], choice: int) -> None:
        """Run the command again, and follow what messages advise, until it has come to its end."""
        words = self.scenario.words
        if self.scenario.is_once and self._is_at_the_end():
            return
        for _ in range(MOST_STEPS):
            ran = self.run(words)
            told.append(f"again {words}: {ran.codes} {ran.err[0]}{ran.out[0]}")
            assert ran.codes[0] >= 0
            assert ran.codes[0] != 70, "a bug"
            if ran.codes[0] == self.scenario.code and (not ran.codes[0] or self._is_at_the_end()):
                return
            if "No merge is in progress" in ran.err[0]:
                return
            self.follow(ran, told, choice)
        self.check_end()
        raise AssertionError("the command never comes to its end")

    def _is_at_the_end(self) -> bool:
        try:
            self.check_end()
        except AssertionError:
            return False
        return True

    def follow(self, ran: Finished, told: list[str], choice: int) -> None:
        """Do what a message advises, literally; of several ways, take the one that was chosen."""
        text = ran.err[0] + ran.out[0]
        locks = [Path(lock) for lock in _LOCK.findall(text)]
        advice = text.rpartition("\nFix: ")[2]
        if locks:
            assert "remove that file" in text or "remove the file manually" in text, "no way out of a lock"
            for lock in locks:
                told.append(f"rm {lock}")
                lock.unlink(missing_ok=True)
            return
        if files := _OVERWRITTEN.findall(text):
            # Git names the files that it had begun to write.
            for path in "".join(files).split():
                told.append(f"restore {path}")
                (self.shop.app / path).unlink()
                if git(self.shop.app, "ls-tree", "HEAD", "--", path):
                    git(self.shop.app, "checkout", "HEAD", "--", path)
            return
        if self.scenario.words[0] == "git":
            self._follow_git(told)
            return
        ways = [one or other for one, other in _COMMANDS.findall(advice)]
        if not ways:
            self.check_end()  # tells what differs
        assert ways, "no advice"
        if "then" in advice:
            for way in ways:
                self._do(way, told)
        else:
            self._do(ways[choice % len(ways)], told)

    def _follow_git(self, told: list[str]) -> None:
        """Do what Git's manual says after a merge that stopped."""
        for lock in (self.shop.app / ".git").rglob("*.lock"):
            told.append(f"rm {lock}")
            lock.unlink()
        if (self.shop.app / ".git/MERGE_HEAD").exists():
            self._do("git merge --abort", told)

    def _do(self, command: str, told: list[str]) -> None:
        words = tuple(shlex.split(command))
        if words == self.scenario.words[: len(words)]:
            return  # the command itself, which follows with all of its options
        ran = self.run(words)
        told.append(f"advised {command}: {ran.codes} {ran.err[0]}")
        assert words[0] != "tdmvc" or ran.codes[0] in (0, 1, 4, 6), "the advice does not work"
        for lock in _LOCK.findall(ran.err[0]):
            Path(lock).unlink(missing_ok=True)
