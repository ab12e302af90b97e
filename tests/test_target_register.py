"""The round's register as a file: it keeps every version and names what does not fit."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pandas as pd
import pytest

from perfkit import target
from perfkit.errors import PerfkitError, TargetError

ABOVE = {"D1": "", "D1/01": "D1"}
HEAD = "holder,version,state,on,by,note\n"


def day(number: int) -> dt.date:
    return dt.date(2005, 2, number)


def round_of_two() -> pd.DataFrame:
    """Let a department draft, be commented, draft again and hand in; then the district."""
    out = target.register()
    for holder, state, on, note in (
        ("D1/01", "draft", 14, ""),
        ("D1/01", "commented", 15, '目标偏低,"再想想"\n第二行'),
        ("D1/01", "draft", 16, " =1+1 "),
        ("D1/01", "submitted", 18, ""),
        ("D1", "draft", 18, ""),
        ("D1", "submitted", 21, ""),
        ("D1", "approved", 25, ""),
    ):
        by = "district_manager" if state in {"commented", "approved"} else "holder"
        out = target.move(out, holder, state, on=day(on), by=by, above=ABOVE, note=note)
    return out


def test_what_was_written_comes_back_with_every_version(tmp_path: Path) -> None:
    path = tmp_path / "register.csv"
    steps = round_of_two()
    assert target.write_register(steps, path) == 7
    back = target.read_register(path)
    trimmed = steps.assign(note=steps["note"].str.strip())
    assert back.to_numpy().tolist() == trimmed.to_numpy().tolist()
    assert list(back.columns) == list(steps.columns)
    assert back["version"].tolist() == [1, 1, 2, 2, 1, 1, 1]
    assert path.read_bytes().startswith(b"\xef\xbb\xbfholder,")
    stands = target.standing(back, ABOVE, today=day(25), due=day(21))
    assert stands["state"].to_dict() == {"D1": "approved", "D1/01": "submitted"}
    # The round goes on from the file.
    again = target.move(back, "D1", "draft", on=day(26), by="holder", above=ABOVE)
    assert target.write_register(again, path) == 1
    assert target.write_register(again, path) == 0
    assert target.read_register(path)["version"].tolist()[-1] == 2
    assert [one.name for one in tmp_path.iterdir()] == ["register.csv"]


def test_a_file_that_is_not_there_is_an_empty_register(tmp_path: Path) -> None:
    path = tmp_path / "register.csv"
    assert target.read_register(path).values.tolist() == []
    assert target.write_register(target.register(), path) == 0
    assert target.read_register(path).empty


def test_nothing_that_stands_in_the_file_is_ever_lost(tmp_path: Path) -> None:
    path = tmp_path / "register.csv"
    steps = round_of_two()
    target.write_register(steps, path)
    before = path.read_bytes()
    shorter = steps.iloc[:3]
    changed = steps.assign(note="")
    for other in (shorter, changed, steps.iloc[1:]):
        with pytest.raises(TargetError, match=r"register\.csv, row \d"):
            target.write_register(other, path)
    with pytest.raises(TargetError, match="row 5 is D1/01 2 submitted 2005-02-18"):
        target.write_register(shorter, path)
    assert path.read_bytes() == before


def test_two_who_write_at_once_do_not_overwrite_each_other(tmp_path: Path) -> None:
    path = tmp_path / "register.csv"
    first = target.move(target.register(), "D1/01", "draft", on=day(14), by="holder", above=ABOVE)
    target.write_register(first, path)
    mine, yours = (target.read_register(path) for _ in range(2))
    mine = target.move(mine, "D1/01", "submitted", on=day(15), by="holder", above=ABOVE)
    yours = target.move(yours, "D1", "draft", on=day(15), by="holder", above=ABOVE)
    target.write_register(mine, path)
    with pytest.raises(TargetError, match="somebody wrote meanwhile"):
        target.write_register(yours, path)
    assert target.read_register(path)["state"].tolist() == ["draft", "submitted"]


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        ("D1,1,draft,2005-02-30,x,\n", r"row 2, column on: '2005-02-30'"),
        ("D1,1,drafted,2005-02-14,x,\n", r"row 2, column state: 'drafted'.*draft, commented"),
        ("D1,x,draft,2005-02-14,x,\n", "row 2, column version: 'x'"),
        (",1,draft,2005-02-14,x,\n", "row 2, column holder"),
        ("D1,1,submitted,2005-02-14,x,\n", "row 2, column state: 'submitted'.*Allowed: draft"),
        ("D1,1,draft,2005-02-14,x,\nD1,1,draft,2005-02-15,x,\n", "row 3, column version: 1.*2"),
        ("D1,1,draft,2005-02-14,x,\nD1,1,submitted,2005-02-13,x,\n", "row 3, column on"),
        ("D1,1\n", "row 2, column state: ''"),
    ],
)
def test_a_file_that_does_not_fit_is_named_with_its_row(
    tmp_path: Path, rows: str, said: str
) -> None:
    path = tmp_path / "register.csv"
    path.write_text(HEAD + rows, encoding="utf-8")
    with pytest.raises(TargetError, match=said) as caught:
        target.read_register(path)
    assert "register.csv" in caught.value.text("zh")


def test_a_file_without_its_columns_or_of_other_text_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "register.csv"
    path.write_text("holder,version,on\n", encoding="utf-8")
    with pytest.raises(TargetError, match=r"by, note, state are missing or not known"):
        target.read_register(path)
    path.write_text(HEAD.replace("note", "note,page"), encoding="utf-8")
    with pytest.raises(TargetError, match="page"):
        target.read_register(path)
    path.write_bytes("目标".encode("gb18030"))
    with pytest.raises(PerfkitError, match=r"register\.csv"):
        target.read_register(path)
    with pytest.raises(PerfkitError, match="untouched"):
        target.write_register(target.register(), tmp_path / "none" / "register.csv")
