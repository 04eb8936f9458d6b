"""Columns of a CSV file: what is read, what is left out, and what is damage."""

from __future__ import annotations

import io
import math

import pytest

from studies.columns import Columns, read_columns

FILE = "period,mode,load_kw\n0,helping,1.5\n1,deep_sleep,nan\n"


def test_numbers_and_texts() -> None:
    """Texts are known by their names; what else there is must be a number, or none."""
    columns = read_columns(io.StringIO(FILE))
    assert columns.length == 2
    assert columns.numbers["period"].tolist() == [0.0, 1.0]
    assert columns.numbers["load_kw"][0] == 1.5
    assert math.isnan(columns.numbers["load_kw"][1])
    assert columns.texts == {"mode": ["helping", "deep_sleep"]}
    assert columns.head(1).texts == {"mode": ["helping"]}
    assert columns.head(1).length == 1


@pytest.mark.parametrize("torn", ["2,hel", "2,helping,1"])
def test_a_torn_last_line_is_left_out(torn: str) -> None:
    """Even where as much of it is there as looks whole."""
    assert read_columns(io.StringIO(FILE + torn)).length == 2


@pytest.mark.parametrize("text", ["", "period,mo", "period,mode,load_kw\n"])
def test_a_file_without_rows_is_empty(text: str) -> None:
    """Nothing at all, half a header, and a header alone."""
    assert read_columns(io.StringIO(text)).length == 0


@pytest.mark.parametrize("row", ["2,helping", "2,helping,1,1", "2,helping,x"])
def test_a_row_that_does_not_fit_is_damage(row: str) -> None:
    """Too short, too long, or without a number where one belongs."""
    with pytest.raises(ValueError, match=r"argument|could not convert"):
        read_columns(io.StringIO(f"{FILE}{row}\n"))


def test_equal_texts_are_kept_once() -> None:
    """Ten thousand rows of one mode are one text, over the edges of what is read at once."""
    columns = read_columns(io.StringIO("mode\n" + "".join(f"mode-{k % 2}\n" for k in range(20_000))))
    assert columns.length == 20_000
    assert len({id(text) for text in columns.texts["mode"]}) == 2


def test_nothing_has_no_rows() -> None:
    """Where there is no file."""
    assert Columns().length == 0
