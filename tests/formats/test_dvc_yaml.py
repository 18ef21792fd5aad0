"""The artifacts of dvc.yaml."""

import pytest

from tdmvc.errors import ConfigError
from tdmvc.formats.dvc_yaml import is_artifact_name, with_artifact
from tests.yaml_files import load_yaml

OLD = """\
# pipelines
stages:
  derive:   # nightly
    cmd: make
artifacts:
  model:
    path: model.pkl
  golden:
    path: old/place
    desc: The golden one.   # for everybody
"""


def test_a_new_file_holds_the_artifact_only() -> None:
    assert with_artifact(None, "golden", "datasets/golden") == (
        "artifacts:\n  golden:\n    path: datasets/golden\n    type: dataset\n"
    )


def test_an_old_file_keeps_its_text() -> None:
    text = with_artifact(OLD, "golden", "datasets/golden")
    entry = "    path: datasets/golden\n    desc: The golden one.   # for everybody\n    type: dataset\n"
    assert text == OLD[: OLD.index("    path: old/place")] + entry
    more = with_artifact(text, "masked-eu", "datasets/masked-eu")
    assert more.startswith(text)
    assert load_yaml(more)["artifacts"]["masked-eu"] == {"path": "datasets/masked-eu", "type": "dataset"}


def test_a_second_edit_changes_nothing() -> None:
    odd = "artifacts: {golden: {type: dataset,   path: datasets/golden}}"
    assert with_artifact(odd, "golden", "datasets/golden") == odd


def test_a_name_that_dvc_refuses_is_left_out() -> None:
    assert [is_artifact_name(name) for name in ("golden", "masked-eu", "A_1", "a.b", "a-")] == [
        True,
        True,
        True,
        False,
        False,
    ]
    assert with_artifact(OLD, "a.b", "datasets/a.b") == OLD
    assert with_artifact(None, "a.b", "datasets/a.b") == ""


def test_a_file_in_conflict_is_refused() -> None:
    with pytest.raises(ConfigError, match="conflict markers"):
        with_artifact("<<<<<<< HEAD\n=======\n>>>>>>> x\n", "golden", "p")
