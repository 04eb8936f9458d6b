"""Finds the line on which each key and array element of a TOML text is written.

``tomllib`` gives values without places. This walks the same text once more, and only as far as places need: a text that
``tomllib`` has accepted is split into tokens, and a small recursive descent notes the line of every path.
"""

from __future__ import annotations

import re

Path = tuple[str | int, ...]

_TOKEN = re.compile(
    r'"""(?:\\.|[^\\])*?"""|\'\'\'.*?\'\'\'|"(?:\\.|[^"\\\n])*"|\'[^\'\n]*\'|#[^\n]*|\n|[\[\]{},=]|[^\s\[\]{},="\'#]+',
    re.DOTALL,
)


def locate(text: str) -> dict[Path, int]:
    """Line (from 1) of every path in a valid TOML text: tables, keys, array elements, inline tables."""
    return _Walk(text).run()


def line_of(lines: dict[Path, int], path: Path) -> int:
    """The line of ``path``, or of the nearest thing around it that is written down; 0 when nothing is."""
    for size in range(len(path), 0, -1):
        if path[:size] in lines:
            return lines[path[:size]]
    return 0


def dotted(path: Path) -> str:
    """``("site", 2, "x_m")`` as ``site[2].x_m``."""
    words = [f"[{part}]" if isinstance(part, int) else f".{part}" for part in path]
    return "".join(words).removeprefix(".")


class _Walk:
    def __init__(self, text: str) -> None:
        self._tokens: list[tuple[str, int]] = []
        line = 1
        for match in _TOKEN.finditer(text):
            token = match.group()
            if not token.startswith("#"):
                self._tokens.append((token, line))
            line += token.count("\n")
        self._at = 0
        self._lines: dict[Path, int] = {}
        self._array_size: dict[Path, int] = {}

    def run(self) -> dict[Path, int]:
        """Line of every key, table and array element, from the first token to the last."""
        table: Path = ()
        while self._peek():
            if self._peek() == "\n":
                self._next()
            elif self._peek() == "[":
                table = self._header()
            else:
                self._pair(table)
        return self._lines

    def _peek(self) -> str:
        return self._tokens[self._at][0] if self._at < len(self._tokens) else ""

    def _next(self) -> tuple[str, int]:
        self._at += 1
        return self._tokens[self._at - 1]

    def _key(self, end: str) -> tuple[str, ...]:
        parts: list[str] = []
        while self._peek() != end:
            token = self._next()[0]
            parts += [token[1:-1]] if token[0] in "\"'" else [part for part in token.split(".") if part]
        self._next()
        return tuple(parts)

    def _header(self) -> Path:
        line = self._next()[1]
        array = self._peek() == "["
        if array:
            self._next()
        path = self._inside_arrays(self._key("]"), append=array)
        if array:
            self._next()
        self._lines.setdefault(path, line)
        return path

    def _inside_arrays(self, key: tuple[str, ...], append: bool) -> Path:
        """``[site.battery]`` after ``[[site]]`` belongs to the latest site."""
        path: Path = ()
        for depth, part in enumerate(key):
            path = (*path, part)
            if append and depth == len(key) - 1:
                self._array_size[path] = self._array_size.get(path, 0) + 1
            if path in self._array_size:
                path = (*path, self._array_size[path] - 1)
        return path

    def _pair(self, table: Path) -> None:
        line = self._tokens[self._at][1]
        key = self._key("=")
        for size in range(1, len(key) + 1):
            self._lines.setdefault(table + key[:size], line)
        self._value(table + key)

    def _value(self, path: Path) -> None:
        mark, line = self._next()
        self._lines.setdefault(path, line)
        if mark == "[":
            self._array(path)
        elif mark == "{":
            self._skip("\n", ",")
            while self._peek() != "}":
                self._pair(path)
                self._skip("\n", ",")
            self._next()
        else:
            while self._peek() not in ("\n", ",", "]", "}", ""):
                self._next()  # the time of a date written with a blank

    def _array(self, path: Path) -> None:
        index = 0
        self._skip("\n")
        while self._peek() != "]":
            self._value((*path, index))
            index += 1
            self._skip("\n", ",")
        self._next()

    def _skip(self, *tokens: str) -> None:
        while self._peek() in tokens:
            self._next()
