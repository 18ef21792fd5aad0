"""The lines of .gitattributes that are tdmvc's own, and everybody else's."""

import pytest

from tdmvc.repo.attributes import HEAD, pointer_pattern, with_attributes, without_attributes
from tests.conftest import git

DIFF = ("diff=tdmvc",)


def test_a_new_file_gets_one_comment_and_one_line():
    assert with_attributes("", "datasets", DIFF) == f"{HEAD}\ndatasets/**/*.dvc diff=tdmvc\n"


def test_writing_twice_is_writing_once():
    once = with_attributes("*.png binary\n", "datasets", DIFF)
    assert with_attributes(once, "datasets", DIFF) == once


def test_another_attribute_joins_the_same_line():
    once = with_attributes("", "datasets", DIFF)
    assert with_attributes(once, "datasets", (*DIFF, "merge=tdmvc")) == (
        f"{HEAD}\ndatasets/**/*.dvc diff=tdmvc merge=tdmvc\n"
    )


def test_a_moved_folder_moves_the_line():
    assert with_attributes(with_attributes("", "old", DIFF), "new", DIFF) == with_attributes("", "new", DIFF)


def test_a_line_that_somebody_wrote_by_hand_is_enough():
    text = "datasets/**/*.dvc text diff=tdmvc\n"
    assert with_attributes(text, "datasets", DIFF) == text
    assert without_attributes(text) == text


@pytest.mark.parametrize("text", ["", "*.png binary\n", "*.png binary\r\n# mine\r\n", "# a\n\n*.x y\n"])
def test_taking_away_gives_back_what_was_there(text):
    assert without_attributes(with_attributes(text, "datasets", DIFF)) == text


def test_a_file_without_a_last_line_end_keeps_its_lines():
    assert with_attributes("*.png binary", "d", DIFF) == f"*.png binary\n{HEAD}\nd/**/*.dvc diff=tdmvc\n"


def test_what_a_person_added_to_the_line_stays():
    text = f"{HEAD}\ndatasets/**/*.dvc diff=tdmvc linguist-generated\n"
    assert without_attributes(text) == f"{HEAD}\ndatasets/**/*.dvc linguist-generated\n"
    assert "diff=tdmvc" in with_attributes(without_attributes(text), "datasets", DIFF)


@pytest.mark.parametrize(
    "folder", ["datasets", ".", "my data", "a/b", "[x]*?", "#hash", "!not", 'quo"te', "back\\slash", "größe"]
)
def test_git_takes_the_pattern_for_just_these_pointers(app, folder):
    (app / ".gitattributes").write_text(with_attributes("", folder, DIFF), encoding="utf-8")
    prefix = "" if folder == "." else f"{folder}/"
    asked = [f"{prefix}golden/orders.dvc", f"{prefix}golden/orders.csv", "elsewhere/orders.dvc"]
    said = [git(app, "check-attr", "-z", "diff", "--", path).split("\0")[2] for path in asked]
    assert said == ["tdmvc", "unspecified", "tdmvc" if folder == "." else "unspecified"]


def test_a_plain_pattern_needs_no_quotes():
    assert pointer_pattern("./datasets/") == "datasets/**/*.dvc"
