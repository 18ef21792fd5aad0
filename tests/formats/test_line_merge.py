"""In which order the entries of two sides stand after a merge."""

import pytest

from tdmvc.formats.line_merge import merge_order


@pytest.mark.parametrize(
    ("base", "ours", "theirs", "merged"),
    [
        ("abc", "abc", "abc", "abc"),
        ("abc", "abxc", "abc", "abxc"),
        ("abc", "abcy", "abcx", "abcxy"),
        ("abc", "xabc", "abcx", "abcx"),
        ("abc", "cab", "abxc", "cabx"),
        ("abc", "abc", "cxab", "cxab"),
        ("abc", "bac", "cba", "bac"),
        ("ab", "axzb", "ayb", "axzyb"),
        ("abc", "ac", "abxc", "abxc"),
        ("", "ba", "ab", "ab"),
        ("", "xa", "a", "xa"),
        ("a", "abc", "axcb", "axbc"),
        ("abd", "bad", "abcd", "bcad"),
        ("ab", "", "abx", "abx"),
    ],
)
def test_additions_follow_their_predecessor_and_moves_of_one_side_are_kept(base, ours, theirs, merged):
    assert "".join(merge_order(base, ours, theirs)) == merged
