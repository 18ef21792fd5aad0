"""Which kept environment a command means, and what it says if there is none."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tdmvc.environments.keeper.records import Records
from tdmvc.errors import NotFoundError
from tests.builders import Ran, copy_repo


@pytest.mark.parametrize(("name", "known"), [("ci", "local"), (None, "ci")])
def test_the_advice_for_an_environment_that_does_not_run_starts_that_one(
    tmp_path: Path, name: str | None, known: str
) -> None:
    with pytest.raises(NotFoundError) as caught:
        Records(tmp_path).need(name, known)
    assert caught.value.remedy == "start it: `tdmvc up ci`."


@pytest.mark.parametrize("command", [["down", "locla"], ["reset", "locla"], ["env", "show", "locla"]])
def test_a_misspelt_environment_is_told_from_one_that_does_not_run(
    template: Path, tmp_path: Path, tdmvc: Callable[..., Ran], command: list[str]
) -> None:
    app = copy_repo(template, tmp_path / "shop")
    result = tdmvc(*command, code=3, folder=app)
    assert "There is no environment 'locla'." in result.err
    assert "did you mean 'local'?" in result.err
