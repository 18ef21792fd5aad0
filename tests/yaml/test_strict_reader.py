"""Strict YAML: what is refused, and that scalars stay what was written."""

import pytest
import yaml

from tdmvc.errors import ConfigError
from tdmvc.yaml.editor import YamlEdit, text_value
from tdmvc.yaml.reader import MAX_BYTES, parse_yaml
from tdmvc.yaml.writer import scalar


def _fails(text: str, *words: str) -> None:
    with pytest.raises(ConfigError) as caught:
        parse_yaml(text, "some/file.yaml")
    for word in ("some/file.yaml", *words):
        assert word in str(caught.value)


def test_a_key_written_twice_is_refused_with_its_line() -> None:
    _fails("a: 1\nb: 2\na: 3\n", "'a' appears twice", "line 3")
    _fails("x:\n  - {a: 1, a: 2}\n", "line 2")


def test_broken_yaml_names_the_line() -> None:
    _fails("a: 1\nb: [1, 2\n", "not YAML", "line 3")
    _fails("a: b: c\n", "line 1")
    _fails("a: \x07\n", "line 1")


def test_conflict_markers_are_named_as_such() -> None:
    text = "outs:\n<<<<<<< HEAD\n- md5: a\n=======\n- md5: b\n>>>>>>> theirs\n"
    _fails(text, "Git conflict markers", "line 2", "finish the merge")


def test_a_line_of_equals_signs_is_no_conflict() -> None:
    assert parse_yaml("a: |\n  =======\n  <<<<<<< x\n", "p").text("a") == "=======\n<<<<<<< x\n"


def test_tags_that_could_construct_objects_are_refused() -> None:
    _fails("a: !!python/object/apply:os.system [ls]\n", "a YAML tag")
    _fails("!!binary aGk=\n", "a YAML tag")
    assert parse_yaml("a: !!str 5\n", "p").text("a") == "5"


def test_aliases_that_double_at_each_level_are_refused() -> None:
    levels = [f"l{n}: &l{n} [{', '.join([f'*l{n - 1}'] * 10)}]" for n in range(1, 9)]
    _fails("\n".join(["l0: &l0 [x, x, x]", *levels]), "without bounds")


def test_an_alias_of_itself_is_refused() -> None:
    _fails("a: &a [*a]\n", "alias")


def test_an_ordinary_alias_and_a_merge_key_are_read() -> None:
    root = parse_yaml("base: &b {x: 1, y: 2}\nmine: {<<: *b, y: 3}\nlist: [*b]\n", "p")
    mine = root.need("mine")
    assert (mine.text("x"), mine.text("y")) == ("1", "3")
    assert root.need("list").elements()[0].text("x") == "1"


def test_a_quoted_merge_key_is_a_name() -> None:
    assert parse_yaml('"<<": 5\n', "p").text("<<") == "5"


def test_deep_nesting_and_large_files_are_refused_and_do_not_crash() -> None:
    _fails("[" * 100_000, "nested")
    _fails("- " * 200 + "a", "nested")
    _fails("a: " + "x" * MAX_BYTES, "larger")


def test_several_documents_and_keys_that_are_not_text_are_refused() -> None:
    _fails("a: 1\n---\nb: 2\n", "several")
    _fails("? [a, b]\n: 1\n", "key must be text")


def test_an_empty_file_is_an_empty_mapping() -> None:
    for text in ("", "# only a comment\n", "---\n"):
        assert parse_yaml(text, "p").entries() == []


def test_scalars_are_read_as_they_were_written() -> None:
    root = parse_yaml("a: 2.10\nb: 0001\nc: yes\nd: 2026-11-22T10:00:00Z\ne: 1e5\non: x\n", "p")
    assert [root.text(key) for key in "abcde"] == ["2.10", "0001", "yes", "2026-11-22T10:00:00Z", "1e5"]
    assert root.text("on") == "x"


def test_an_empty_value_is_absent_and_a_quoted_one_is_a_text() -> None:
    root = parse_yaml("a:\nb: ~\nc: ''\nd: 'null'\n", "p")
    assert (root.text("a"), root.text("b"), root.text("c"), root.text("d")) == (None, None, "", "null")


def test_wrong_types_are_named_with_line_and_key() -> None:
    root = parse_yaml("a: [1]\nb:\n  c: x\nd: text\ne: 'true'\n", "p")
    for call, words in (
        (lambda: root.text("a"), ("text", "line 1", "'a'")),
        (lambda: root.need("b").count("c"), ("whole number", "line 3", "'b.c'")),
        (lambda: root.texts("d"), ("list", "line 4")),
        (lambda: root.need("d").entries(), ("mapping", "line 4")),
        (lambda: root.flag("e"), ("true or false", "line 5")),
        (lambda: root.need("zz"), ("'zz' is missing",)),
    ):
        with pytest.raises(ConfigError) as caught:
            call()
        assert all(word in str(caught.value) for word in words)


def test_an_unknown_key_is_reported_with_a_similar_one() -> None:
    with pytest.raises(ConfigError, match=r"did you mean 'migrations'\?") as caught:
        parse_yaml("name: x\nmigration: y\n", "p").only("name", "migrations")
    assert "line 2" in str(caught.value)


@pytest.mark.parametrize(
    "text", ["no", "1.0", "1.10.0", "a: b", "", " x", "'", '"', "\\", "\x85\u2028😀\x7f", "#", "-", "?"]
)
def test_a_rendered_scalar_is_the_same_text_to_every_reader(text: str) -> None:
    assert yaml.safe_load(f"{{k: {scalar(text)}}}") == {"k": text}
    assert parse_yaml(f"k: {scalar(text)}\n", "p").text("k") == text


def test_an_edit_keeps_comments_order_quotes_and_unusual_scalars() -> None:
    text = (
        "# top\nb: 2.10  # ten\na: 0001\n\n# list\nl:\n- x\n- 'y'\n"
        "when: 2026-11-22T10:00:00Z\nflow: {a: 1, b: [on, 0x1F]}\n"
        "long: >\n  folded\n  text\n"
    )
    edit = YamlEdit(text, "p")
    assert edit.render() == text
    edit.root["new"] = text_value("2.10")
    assert edit.render() == text + 'new: "2.10"\n'


def test_an_edit_keeps_how_far_lists_are_indented() -> None:
    for text in ("a:\n  - x\n  - y:\n      - z\n", "a:\n- x\n- y:\n  - z\n"):
        assert YamlEdit(text, "p").render() == text


def test_a_file_of_comments_keeps_them() -> None:
    edit = YamlEdit("# hello\n", "p")
    edit.root["a"] = "b"
    assert edit.render() == "# hello\na: b\n"


def test_lines_are_written_as_lines() -> None:
    edit = YamlEdit("a: 1\n", "c.yaml")
    edit.root["query"] = text_value("SELECT 1\n  FROM t\n")
    edit.root["odd"] = text_value(" x \ny")
    assert edit.render() == 'a: 1\nquery: |\n  SELECT 1\n    FROM t\nodd: " x \\ny"\n'
