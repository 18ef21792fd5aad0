"""Commands that are killed at every kind of instant: nothing is lost, and they can be done again.

Most kills come before the n-th operation that changes files, so that each of them lands; the others after a random
time. They hit the command alone, all of its programs, or the one that is at work (Git, its merge driver).
"""

import os
import random
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.journeys.command_runner import CommandRunner, Kill, Target
from tests.kills.law import Stage
from tests.kills.scenarios import SCENARIOS, Scenario
from tests.kills.shop import KillShop, build_shop
from tests.series import IS_LONG

KILLS = 96
"""For each scenario; more than 2,000 in all."""
LANDED = 77
"""At least so many of them, because a kill after a random time may come too late."""
SAMPLE = {"add": 2, "merge": 2}
"""How many kills of which scenarios the default run has."""


@pytest.fixture(scope="session")
def stop_at(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The library that counts the operations of a command, compiled."""
    compiler = shutil.which("cc")
    if compiler is None or not sys.platform.startswith("linux"):
        if os.environ.get("CI"):
            pytest.fail("there is no C compiler, and CI must run these tests")
        pytest.skip("needs Linux and a C compiler")
    library = tmp_path_factory.mktemp("library") / "stop_at.so"
    source = Path(__file__).with_name("stop_at.c")
    words = [compiler, "-std=gnu17", "-w", "-O1", "-shared", "-fPIC", "-o", library, source, "-ldl"]
    subprocess.run(words, check=True)
    return library


@pytest.fixture(scope="session")
def base(template: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build_shop(template, tmp_path_factory.mktemp("base") / "shop").folder


@pytest.fixture
def runner(stop_at: Path, tmp_path: Path) -> Iterator[CommandRunner]:
    (tmp_path / "said").mkdir()
    opened = CommandRunner(tmp_path / "said", preload=stop_at)
    yield opened
    opened.close()


def plan_kills(stage: Stage, number: int) -> Iterator[Kill]:
    """Yield kills that are spread over the whole command; the same ones in every run."""
    chance = random.Random(stage.scenario.name)
    targets = list(Target)
    for turn in range(number):
        target = targets[turn % 3]
        what = signal.SIGKILL if turn % 5 else (signal.SIGTERM, signal.SIGINT)[turn // 5 % 2]
        share = (turn + chance.random()) / number
        if turn % 6 == 5:
            yield Kill(int(what), target, after=stage.seconds * share)
        else:
            yield Kill(int(what), target, at=1 + int(stage.operations * share))


@pytest.mark.slow
@pytest.mark.timeout(3600 if IS_LONG else 120)
@pytest.mark.parametrize(
    "scenario", [one for one in SCENARIOS if IS_LONG or one.name in SAMPLE], ids=lambda one: one.name
)
def test_a_killed_command_loses_nothing_and_can_be_done_again(
    scenario: Scenario,
    base: Path,
    runner: CommandRunner,
    tmp_path: Path,
    record_property: Callable[[str, object], None],
) -> None:
    stage = Stage(scenario, tmp_path / "beginning", KillShop(tmp_path / "work"), runner)
    stage.set_up(base)
    number = KILLS if IS_LONG else SAMPLE[scenario.name]
    landed, broken = 0, []
    for turn, kill in enumerate(plan_kills(stage, number)):
        try:
            landed += stage.kill_once(kill, turn)
        except AssertionError as error:
            broken.append(str(error))
    record_property("landed", landed)
    assert not broken, "\n\n".join([f"{len(broken)} of {number}", *broken[:5]])
    assert landed >= (LANDED if IS_LONG else number // 2)
