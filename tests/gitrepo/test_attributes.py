"""The lines of .gitattributes that are tdmvc's own, and everybody else's."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tdmvc.gitrepo.attributes import (
    HEAD,
    MANIFESTS,
    POINTERS,
    pattern_of,
    with_attributes,
    without_attributes,
)
from tests.builders import git
from tests.series import trials

DIFF = {POINTERS: ("diff=tdmvc",)}
"""What a release before merging wrote."""
ALL = (
    f"{HEAD}\n"
    "datasets/**/*.dvc diff=tdmvc merge=tdmvc\n"
    "datasets/**/dataset.yaml merge=tdmvc\n"
    "datasets/**/contract.yaml merge=tdmvc\n"
)


def test_a_new_file_gets_one_comment_and_a_line_for_each_kind_of_file():
    assert with_attributes("", "datasets") == ALL
    assert with_attributes("", "datasets", DIFF) == f"{HEAD}\ndatasets/**/*.dvc diff=tdmvc\n"


@pytest.mark.parametrize(
    "below", ["", "*.png binary\n", "\n# mine\n", "b/**/dataset.yaml text\n", "x diff=tdmvc\n"]
)
def test_the_line_of_an_earlier_release_is_updated_in_place(below):
    old = with_attributes("*.x y\n", "datasets", DIFF) + below
    assert with_attributes(old, "datasets") == f"*.x y\n{ALL}{below}"
    assert without_attributes(with_attributes(old, "datasets")) == f"*.x y\n{below}"


def test_an_earlier_line_without_a_last_line_end_is_updated():
    assert with_attributes(f"{HEAD}\nd/**/*.dvc diff=tdmvc", "datasets") == ALL


def test_windows_line_ends_stay_and_new_lines_have_them():
    old = with_attributes("*.x y\r\n", "datasets", DIFF)
    assert with_attributes(old, "datasets") == ("*.x y\n" + ALL).replace("\n", "\r\n")


def test_lines_with_other_ends_stay_as_they_are():
    text = "a b\r\nc d\ne f\x0cg h\u2028i j\n"
    assert with_attributes(text, "datasets").startswith(text)
    assert without_attributes(with_attributes(text, "datasets")) == text


def test_only_lines_that_nobody_wrote_by_hand_are_added():
    text = "datasets/**/dataset.yaml merge=tdmvc text\n"
    wanted = text + ALL.replace("datasets/**/dataset.yaml merge=tdmvc\n", "")
    assert with_attributes(text, "datasets") == wanted
    assert without_attributes(wanted) == text


def test_a_persons_attributes_on_a_line_are_kept_and_found_again():
    text = ALL.replace("dataset.yaml merge=tdmvc", "dataset.yaml -text merge=tdmvc")
    assert without_attributes(text) == f"{HEAD}\ndatasets/**/dataset.yaml -text\n"
    again = with_attributes(without_attributes(text), "datasets")
    assert sorted(again.splitlines()[1:]) == sorted(text.splitlines()[1:])


LINES = st.sampled_from(
    [
        "*.png binary",
        "# a comment",
        "",
        "  ",
        "datasets/**/*.dvc text",
        "datasets/**/dataset.yaml merge=union",
        "**/*.dvc diff=tdmvc",
        '"my data/**/*.dvc" diff=tdmvc merge=tdmvc',
        "é x\x0cy",
        "[attr]merge=tdmvc",
    ]
)


@settings(max_examples=trials(300, 60), deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.lists(st.tuples(LINES, st.sampled_from(["\n", "\n", "\r\n"]))),
    st.sampled_from(["datasets", ".", "my data", "a/[b]", "größe"]),
    st.sampled_from(["datasets", "other"]),
    st.booleans(),
)
def test_written_lines_can_be_removed_and_written_again(lines, folder, older, was_there):
    text = "".join(line + end for line, end in lines)
    before = with_attributes(text, older, DIFF) if was_there else text
    written = with_attributes(before, folder)
    assert with_attributes(written, folder) == written
    assert without_attributes(written) == text
    assert without_attributes(text) == text


def test_writing_twice_is_writing_once():
    once = with_attributes("*.png binary\n", "datasets", DIFF)
    assert with_attributes(once, "datasets", DIFF) == once


def test_another_attribute_joins_the_same_line():
    once = with_attributes("", "datasets", DIFF)
    assert with_attributes(once, "datasets", {POINTERS: ("diff=tdmvc", "merge=tdmvc")}) == (
        f"{HEAD}\ndatasets/**/*.dvc diff=tdmvc merge=tdmvc\n"
    )


def test_a_moved_folder_moves_the_line():
    assert with_attributes(with_attributes("", "old", DIFF), "new", DIFF) == with_attributes("", "new", DIFF)


def test_a_line_that_somebody_wrote_by_hand_is_enough():
    text = "datasets/**/*.dvc text diff=tdmvc\n"
    assert with_attributes(text, "datasets", DIFF) == text
    assert without_attributes(text) == text


@pytest.mark.parametrize("text", ["", "*.png binary\n", "*.png binary\r\n# mine\r\n", "# a\n\n*.x y\n"])
def test_removing_restores_the_previous_text(text):
    assert without_attributes(with_attributes(text, "datasets", DIFF)) == text


def test_a_file_without_a_last_line_end_keeps_its_lines():
    assert with_attributes("*.png binary", "d", DIFF) == f"*.png binary\n{HEAD}\nd/**/*.dvc diff=tdmvc\n"


def test_attributes_that_a_person_added_to_the_line_are_kept():
    text = f"{HEAD}\ndatasets/**/*.dvc diff=tdmvc linguist-generated\n"
    assert without_attributes(text) == f"{HEAD}\ndatasets/**/*.dvc linguist-generated\n"
    assert "diff=tdmvc" in with_attributes(without_attributes(text), "datasets", DIFF)


@pytest.mark.parametrize(
    "folder", ["datasets", ".", "my data", "a/b", "[x]*?", "#hash", "!not", 'quo"te', "back\\slash", "größe"]
)
def test_git_takes_the_patterns_for_just_these_files(app, folder):
    (app / ".gitattributes").write_text(with_attributes("", folder), encoding="utf-8")
    prefix = "" if folder == "." else f"{folder}/"
    asked = [f"{prefix}golden/orders.dvc", f"{prefix}golden/orders.csv", "elsewhere/orders.dvc"]
    said = [git(app, "check-attr", "-z", "diff", "--", path).split("\0")[2] for path in asked]
    assert said == ["tdmvc", "unspecified", "tdmvc" if folder == "." else "unspecified"]
    for name in ("golden/orders.dvc", *(f"golden/{manifest}" for manifest in MANIFESTS)):
        assert git(app, "check-attr", "-z", "merge", "--", prefix + name).split("\0")[2] == "tdmvc"
    assert (
        git(app, "check-attr", "-z", "diff", "--", f"{prefix}golden/dataset.yaml").split("\0")[2]
        == "unspecified"
    )


def test_a_plain_pattern_needs_no_quotes():
    assert pattern_of("./datasets/", POINTERS) == "datasets/**/*.dvc"
