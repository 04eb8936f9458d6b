"""Lines of keys in TOML texts."""

from __future__ import annotations

import tomllib

import pytest

from gridran.scenario.locator import Path, dotted, line_of, locate

TEXT = '''# a comment with [brackets] and key = 1
name = "a # no comment, [no] table"
text = """two
lines with [a] and b = 2"""
a.b."c.d" = 1

[table]   # comment
"quoted key" = 'x'
when = 2019-05-01 18:00:00
list = [
  [0, 1],   # first
  # a comment between
  [2,
   3],
]
inline = { x = 1, y = { z = [4, 5] } }

[[item]]
id = 1
[item.inside]
deep = true

[[item]]
id = 2
[item.inside]
deep = false
[[item.more]]
k = 3
'''

LINES: dict[Path, int] = {
    ("name",): 2,
    ("text",): 3,
    ("a", "b", "c.d"): 5,
    ("table",): 7,
    ("table", "quoted key"): 8,
    ("table", "when"): 9,
    ("table", "list"): 10,
    ("table", "list", 0, 1): 11,
    ("table", "list", 1, 0): 13,
    ("table", "list", 1, 1): 14,
    ("table", "inline", "y", "z", 1): 16,
    ("item", 0): 18,
    ("item", 0, "inside", "deep"): 21,
    ("item", 1, "id"): 24,
    ("item", 1, "inside", "deep"): 26,
    ("item", 1, "more", 0, "k"): 28,
}


def test_the_text_is_toml() -> None:
    """The example is what the standard parser accepts too."""
    assert tomllib.loads(TEXT)["item"][1]["more"][0]["k"] == 3


@pytest.mark.parametrize("path", LINES, ids=dotted)
def test_a_path_is_on_its_line(path: Path) -> None:
    """Tables, keys, elements, inline and dotted keys are found where they are written."""
    assert locate(TEXT)[path] == LINES[path]


def test_a_missing_key_is_placed_at_what_encloses_it() -> None:
    """What is not written is looked for one level up, and is at line 0 when nothing is there."""
    lines = locate(TEXT)
    assert line_of(lines, ("item", 1, "missing")) == 23
    assert line_of(lines, ("nowhere", "x")) == 0


def test_crlf_files_count_the_same_lines() -> None:
    """Windows line ends do not shift lines."""
    assert locate(TEXT.replace("\n", "\r\n")) == locate(TEXT)
