"""Every rule of reading: a file broken on purpose, what is said of it, and the exit code."""

from __future__ import annotations

import datetime as dt
import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import books
import openpyxl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from openpyxl.utils.datetime import CALENDAR_MAC_1904

from perfkit.book import check_book, open_book
from perfkit.cli import main
from perfkit.errors import BookRefused

HEAD = "policy_id,agent_id,submitted_on,issued_on,premium,cancelled_on,product\n"
ONE = "P1,A1,2012-01-10,,1000,,X\n"
TWO = ONE + "P2,A2,2012-02-10,,2000,,Y\n"
PEOPLE = "agent_id,district,department,group,rank,joined_on,left_on\n"
A1 = "A1,D1,01,1,agent,2011-01-01,\n"
A2 = "A2,D1,02,1,agent,2011-01-01,\n"
MANY = "".join(f"P{i},A1,2012-01-10,,{1000 + i},,X\n" for i in range(10, 60))


def sheet(
    *rows: list[Any], name: str = "policies", change: Callable[[Any], None] | None = None
) -> bytes:
    """Write a workbook of one sheet."""
    workbook = openpyxl.Workbook()
    page = workbook.active
    assert page is not None
    page.title = name
    for row in rows:
        page.append(row)
    if change:
        change(workbook)
    stream = io.BytesIO()
    workbook.save(stream)
    return stream.getvalue()


TOP = ["policy_id", "agent_id", "submitted_on", "premium"]
ROW = ["P1", "A1", dt.date(2012, 1, 10), 1000]
ROW2 = ["P2", "A2", dt.date(2012, 2, 10), 2000]


def hide(what: str) -> Callable[[Any], None]:
    def change(workbook: Any) -> None:
        page = workbook["policies"]
        if what == "row":
            page.row_dimensions[2].hidden = True
        elif what == "column":
            page.column_dimensions["D"].hidden = True
        elif what == "sheet":
            workbook.create_sheet("old").sheet_state = "hidden"
        else:
            workbook.create_sheet("front")
            page.sheet_state = "hidden"

    return change


def late(workbook: Any) -> None:
    workbook.epoch = CALENDAR_MAC_1904


def parquet(**columns: Any) -> bytes:
    stream = io.BytesIO()
    pq.write_table(pa.table(columns), stream)
    return stream.getvalue()


def units(codes: str) -> str:
    """Write agents: a code and how many, apart by blanks."""
    out, number = PEOPLE, 0
    for written in codes.split():
        path, count = written.split("*")
        district, department, group = path.split("/")
        for _ in range(int(count)):
            number += 1
            out += f"A{number},{district},{department},{group},agent,2011-01-01,\n"
    return out


POLICIES = "policies.csv"
AGENTS = "agents.csv"
BOOK = "policies.xlsx"

# rule, severity, file, content, column, count, [(line, value)], said in English, in Chinese
CASES: list[tuple[str, str, str, str | bytes, str, int, list[tuple[int, Any]], str, str]] = [
    # --- errors: files
    ("empty_file", "error", POLICIES, "", "", 1, [], "is empty", "是空的"),
    ("not_what_it_says", "error", POLICIES, sheet(TOP, ROW), "", 1, [], "inside it is Excel",
     "实际内容是 Excel"),
    ("not_what_it_says", "error", BOOK, HEAD + TWO, "", 1, [], "inside it is CSV",
     "实际内容是 CSV"),
    ("not_what_it_says", "error", BOOK, "<html><table>", "", 1, [], "inside it is HTML",
     "实际内容是 HTML"),
    ("not_what_it_says", "error", "policies.parquet", HEAD + TWO, "", 1, [], "inside it is CSV",
     "实际内容是 CSV"),
    ("no_text", "error", POLICIES, HEAD.encode() + b"P1\0,A1\n", "", 1, [], "NUL", "NUL"),
    ("undecodable", "error", POLICIES, (HEAD + ONE).encode() + b"P2,\xff\x81,2012-01-10,,1,,X\n",
     "", 1, [(3, "P2,��,2012-01-10,,1,,X")], "no encoding that is known", "不是已知编码"),
    ("unsure_encoding", "error", POLICIES, (HEAD + TWO).encode() + "P3,A1,2012-01-10,,1,,鑫淼"
     .encode("gbk"), "", 1, [], "it could be gb18030", "可能是 gb18030"),
    ("mojibake", "error", POLICIES, HEAD + TWO + "P3,A1,2012-01-10,,1,,锟斤拷锟斤拷\n", "", 1,
     [(4, "P3,A1,2012-01-10,,1,,锟斤拷锟斤拷")], "saved in a wrong encoding", "乱码"),
    ("mojibake", "error", POLICIES, HEAD + TWO + "P3,A1,2012-01-10,,1,,"
     + "营业部".encode().decode("latin-1") + "\n", "", 1, [(4, None)], "saved in a wrong", "乱码"),
    ("mojibake", "error", POLICIES, HEAD + TWO + "P3,A1,2012-01-10,,1,,"
     + "营业部".encode("gbk").decode("latin-1") + "\n", "", 1, [(4, None)], "wrong", "乱码"),
    ("mojibake", "error", POLICIES, HEAD + TWO + "P3,A1,2012-01-10,,1,,"
     + "营业区组".encode().decode("gb18030") + "\n", "", 1, [(4, None)], "wrong", "乱码"),
    ("doubled_column", "error", POLICIES, HEAD.replace("product", "premium") + TWO, "premium", 1,
     [(1, "premium")], "two columns of policies.csv are named 'premium'", "有两列同名"),
    ("doubled_meaning", "error", POLICIES, HEAD.replace("premium", "保费").replace("product", "FYP")
     + TWO, "premium", 1, [], "'保费' and 'FYP', both mean premium", "都表示 premium"),
    ("no_header", "error", POLICIES, "one,two\n1,2\n", "", 2, [(1, "one | two"), (2, "1 | 2")],
     "no row of policies.csv is a header", "找不到表头行"),
    ("no_header", "error", BOOK, sheet(["one", "two"], [1, 2]), "", 2,
     [(1, "one | two"), (2, "1 | 2")], "is a header", "找不到表头行"),
    ("open_quote", "error", POLICIES, HEAD + ONE + 'P2,A1,2012-01-10,,1,,"X\n' + TWO, "", 1,
     [(3, 'P2,A1,2012-01-10,,1,,"X')], "never closed", "没有闭合"),
    ("ragged", "error", POLICIES, HEAD + ONE + "P2,A1\n" * 7, "", 7,
     [(n, "P2,A1") for n in range(3, 8)], "7 row(s)", "有 7 行的单元格数与表头的 7 列不符"),
    ("damaged", "error", BOOK, sheet(TOP, ROW)[:-200], "", 1, [], "damaged", "已损坏"),
    ("which_sheet", "error", BOOK, sheet(TOP, ROW, name="a",
     change=lambda w: w.create_sheet("b")), "", 1, [], "several sheets (a, b)", "有多个工作表"),
    # --- errors: rows
    ("missing_column", "error", POLICIES, HEAD.replace("premium", "amt") + TWO, "premium", 1, [],
     "the column 'premium' is missing", "缺少列 'premium'"),
    ("missing_column", "error", POLICIES, HEAD.replace("submitted_on", "何日").replace("premium",
     "保费") + TWO, "submitted_on", 1, [], "the column 'submitted_on' is missing", "缺少列"),
    ("bad_value", "error", POLICIES, HEAD + ONE + "P2,A1,soon,,5,,X\n", "submitted_on", 1,
     [(3, "soon")], "1 value(s) are not a date", "1 个值不是日期"),
    ("bad_value", "error", POLICIES, HEAD + TWO.replace("2012-02-10", "12-2-10"), "submitted_on",
     1, [(3, "12-2-10")], "not a date", "不是日期"),
    ("bad_value", "error", AGENTS, PEOPLE + A1 + A2.replace("2011-01-01", "11/1/1"), "joined_on",
     1, [(3, "11/1/1")], "not a date", "不是日期"),
    ("digits_lost", "error", POLICIES, HEAD + ONE + "2.01234E+17,A2,2012-02-10,,1,,X\n"
     "2.01234E+17,A2,2012-02-10,,1,,X\n", "policy_id", 2, [(3, "2.01234E+17"), (4, "2.01234E+17")],
     "last digits are lost", "末几位已丢失"),
    ("digits_lost", "error", BOOK, sheet(TOP, ROW, [201234567890123456, *ROW2[1:]]), "policy_id", 1,
     [(3, "2.01234567890123e+17")], "last digits are lost", "末几位已丢失"),
    ("slash_in_code", "error", AGENTS, PEOPLE + A1 + A2.replace("02", "0/2"), "department", 1,
     [(3, "0/2")], "hold a slash", "含有斜杠"),
    ("ambiguous_date", "error", POLICIES, HEAD + TWO.replace("2012-01-10", "10/02/2012"),
     "submitted_on", 1, [(2, "10/02/2012")], "day/month or month/day", "日/月还是月/日"),
    ("ambiguous_number", "error", POLICIES, HEAD.replace(",", ";")
     + "P1;A1;2012-01-10;;1.000;;X\nP2;A2;2012-02-10;;2.500;;Y\n", "premium", 2,
     [(2, "1.000"), (3, "2.500")], "decimal comma or a decimal point", "小数点是逗号还是句点"),
    ("ambiguous_number", "error", POLICIES, HEAD + 'P1,A1,2012-01-10,,"1,5",,X\n'
     "P2,A2,2012-02-10,,2.5,,Y\n", "premium", 1, [(2, "1,5")], "decimal comma", "逗号"),
    ("total_row", "error", POLICIES, HEAD + TWO + "合计,,,,3000,,\n", "policy_id", 1,
     [(4, "合计")], "1 row(s) are totals", "混有 1 行合计"),
    ("total_row", "error", POLICIES, HEAD + TWO + "Total,,,,3000,,\n", "policy_id", 1,
     [(4, "Total")], "are totals", "行合计"),
    ("total_row", "error", BOOK, sheet(TOP, ROW, ROW2, ["小计：", None, None, 3000]), "policy_id",
     1, [(4, "小计：")], "are totals", "行合计"),
    ("total_row", "error", POLICIES, HEAD + TWO + "合　计,,,,3000,,\n总 计（2件）,,,,3000,,\n"
     "累计：2 件,,,,1,,\nTotal (2),,,,1,,\n", "policy_id", 4,
     [(4, "合　计"), (5, "总 计（2件）"), (6, "累计：2 件"), (7, "Total (2)")], "are totals",
     "行合计"),
    ("bad_value", "error", BOOK, sheet(TOP, ROW, ["P2", "A2", dt.date(2012, 2, 1), "#N/A"]),
     "premium", 1, [(3, "#N/A")], "not a sum of money", "不是金额"),
    ("bad_value", "error", BOOK, sheet([*TOP, "left", "issued_on"], ROW, [*ROW2, None, "#REF!"]),
     "issued_on", 1, [(3, "#REF!")], "not a date", "不是日期"),
    ("bad_value", "error", BOOK, sheet(TOP, ROW, [*ROW2[:3], "=1+2"]), "premium", 1,
     [(3, "=1+2")], "not a sum of money", "不是金额"),
    ("header_again", "error", POLICIES, HEAD + ONE + HEAD + "P2,A1,2012-02-30x,,5,,X\n",
     "policy_id", 1, [(3, "policy_id")], "1 more time(s)", "又出现 1 次表头"),
    ("duplicate_key", "error", POLICIES, HEAD + TWO + "P1,A1,2012-01-10,,9,,X\n", "policy_id", 1,
     [(2, "P1"), (4, "P1")], "contradict", "矛盾"),
    ("left_before_joined", "error", AGENTS,
     PEOPLE + A1 + "A2,D1,02,1,agent,2011-01-01,2010-01-01\n", "left_on", 1,
     [(3, "2010-01-01")], "leave before", "离司日早于"),
    ("two_parents", "error", AGENTS, units("D1/01/a*3 D1/01/b*2 D1/02/c*2 D1/02/d*2 D1/02/e*2 "
     "D1/03/f*2 D1/03/g*2 D1/03/h*2 D1/04/i*2 D1/04/j*2 D1/04/a*1"), "group", 4,
     [(2, "a"), (3, "a"), (4, "a"), (23, "a")], "two units at once (D1/01, D1/04)", "两个单位"),
    ("unknown_agent", "error", POLICIES, HEAD + TWO + "P3,B1,2012-01-10,,1,,\n"
     "P4,B2,2012-01-10,,1,,\nP5,B3,2012-01-10,,1,,\n", "agent_id", 3,
     [(4, "B1"), (5, "B2"), (6, "B3")], "premium: 3.00 yuan", "保费：3.00 元"),
    # --- warnings: rows left out or kept apart
    ("unknown_agent", "warning", POLICIES, HEAD + TWO + "P3,A9,2012-01-10,,1234.5,,X\n",
     "agent_id", 1, [(4, "A9")], "unassigned (premium: 1,234.50 yuan)",
     "未归属（保费：1,234.50 元）"),
    ("identical_copy", "warning", POLICIES, HEAD + TWO + ONE, "policy_id", 1,
     [(2, "P1"), (4, "P1")], "exact copies", "完全相同"),
    ("blank_row", "warning", POLICIES, HEAD + ONE + ",,,,,,\n" * 3
     + "P2,A2,2012-02-10,,2000,,\n", "", 3, [], "nothing in them", "没有任何内容"),
    ("bad_value", "error", POLICIES, HEAD + ONE + ',,,,,,\n"",,,,,,\nP2,A2,never,,2000,,\n',
     "submitted_on", 1, [(5, "never")], "not a date", "不是日期"),
    ("missing_value", "warning", POLICIES, HEAD + TWO + "P3,A1,2012-01-10,,,,X\n", "premium", 1,
     [(4, None)], "empty but needed", "必填值为空"),
    ("impossible_value", "warning", POLICIES, HEAD.replace("product", "pay_years")
     + TWO.replace("X", "0").replace("Y", "10"), "pay_years", 1, [(2, "0")], "impossible",
     "不可能"),
    ("unit_above", "note", BOOK, sheet(["2012"], ["单位：万元、件"], TOP, ROW, ROW2), "", 1, [],
     "amounts are in 万元; so are read: premium", "注明金额单位为万元"),
    ("unit_above", "note", POLICIES, "新单,（单位:万元）\n" + HEAD + TWO, "", 1, [],
     "amounts are in 万元", "注明金额单位为万元"),
    ("lost_zeros", "warning", POLICIES, None, "agent_id", 1, [(4, "7")], "zeros in front",
     "补上前导零"),
    ("case_differs", "warning", POLICIES, HEAD + TWO + "P3,a1,2012-01-10,,1,,X\n", "agent_id", 1,
     [(4, "a1")], "in another case", "改变大小写"),
    ("ids_by_case", "warning", AGENTS, PEOPLE + A1 + A2 + "a1,D1,01,1,agent,2011-01-01,\n",
     "agent_id", 2, [(2, "A1"), (4, "a1")], "upper and lower case", "仅大小写不同"),
    # --- warnings: dates
    ("time_zone", "warning", POLICIES, HEAD + ONE + "P2,A2,2012-02-10T23:30:00-05:00,,1,,X\n",
     "submitted_on", 1, [(3, "2012-02-10T23:30:00-05:00")], "local date", "当地日期"),
    ("after_as_of", "warning", POLICIES, HEAD + TWO + "P3,A1,2012-07-10,,1,,X\n", "submitted_on",
     1, [(4, "2012-07-10")], "after the book's as_of", "截止日"),
    ("sentinel", "warning", AGENTS, PEOPLE + A1 + A2.replace("01,\n", "01,9999-12-31\n"),
     "left_on", 1, [(3, "9999-12-31")], "no date", "占位日期"),
    ("sentinel", "warning", AGENTS, PEOPLE + A1 + A2.replace("01,\n", "01,1900/1/1\n"),
     "left_on", 1, [(3, "1900/1/1")], "no date", "占位日期"),
    ("sentinel", "warning", AGENTS, PEOPLE + A1 + A2.replace("01,\n", "01,9999/12/31\n"),
     "left_on", 1, [(3, "9999/12/31")], "no date", "占位日期"),
    ("sentinel", "warning", AGENTS, PEOPLE + A1 + A2.replace("01,\n", "01,1900.01.01\n"),
     "left_on", 1, [(3, "1900.01.01")], "no date", "占位日期"),
    ("isolated_date", "warning", POLICIES, HEAD + TWO + "P3,A1,1912-01-10,,1,,X\n",
     "submitted_on", 1, [(4, "1912-01-10")], "far before all others", "远早于"),
    ("outside_contract", "warning", POLICIES, HEAD + TWO + "P3,A1,2010-12-31,,1,,X\n",
     "submitted_on", 1, [(4, "2010-12-31")], "outside their agent's time", "不在业务员在册期间"),
    ("cancelled_unissued", "warning", POLICIES, HEAD + TWO + "P3,A1,2012-01-10,,1,2012-01-11,X\n",
     "cancelled_on", 1, [(4, "2012-01-11")], "without a day of issue", "没有承保日"),
    # --- warnings: amounts
    ("zero_premium", "warning", POLICIES, HEAD + TWO + "P3,A1,2012-01-10,,0,,X\n", "premium", 1,
     [(4, "0")], "no premium", "保费为 0"),
    ("negative_premium", "warning", POLICIES, HEAD + TWO + "P3,A1,2012-01-10,,-5,,X\n", "premium",
     1, [(4, "-5")], "negative premium", "保费为负"),
    ("implausible_amount", "warning", POLICIES, HEAD + MANY + "P3,A1,2012-01-10,,1000000,,X\n",
     "premium", 1, [(52, "1000000.0")], "a thousand times the usual", "通常的一千倍"),
    ("unit_mix", "warning", POLICIES, HEAD + MANY
     + "".join(f"Q{i},A1,2012-01-10,,0.{i},,X\n" for i in range(1, 4)), "premium", 3,
     [(52, "0.1"), (53, "0.2"), (54, "0.3")], "another unit", "单位可能不同"),
    # --- warnings: tables and units
    ("header_only", "warning", POLICIES, HEAD, "", 1, [], "a header and no row", "只有表头"),
    ("single_row", "warning", POLICIES, HEAD + ONE, "", 1, [], "a single row", "只有一行"),
    ("everybody_left", "warning", AGENTS, PEOPLE + (A1 + A2).replace("01,\n", "01,2012-05-01\n"),
     "left_on", 2, [], "all 2 agents have left", "2 人全部已离司"),
    ("misspelt_unit", "warning", AGENTS, units("D1/North/1*12 D1/Nroth/1*1 D1/Norht1/1*2 "
     "D1/Noth/1*1"), "department", 1, [(17, "Noth")], "one sign away", "只差一个字"),
    ("second_root", "warning", AGENTS, units("DA/01/1*12 DB/01/1*1"), "district", 1,
     [(14, "DB")], "a second district", "另一个 district"),
    # --- warnings: what is hidden
    ("hidden_sheet", "warning", BOOK, sheet(TOP, ROW, ROW2, change=hide("sheet")), "", 1, [],
     "hidden sheet(s) of policies.xlsx are not read: old", "隐藏的工作表未读取：old"),
    ("hidden_read", "warning", BOOK, sheet(TOP, ROW, ROW2, change=hide("self")), "", 1, [],
     "the sheet policies of policies.xlsx is hidden", "是隐藏的，已读取"),
    ("hidden_row", "warning", BOOK, sheet(TOP, ROW, ROW2, change=hide("row")), "", 1, [],
     "hidden row(s) of policies.xlsx are read: 2", "隐藏的行"),
    ("hidden_column", "warning", BOOK, sheet(TOP, ROW, ROW2, change=hide("column")), "", 1, [],
     "hidden column(s) of policies.xlsx are read: D", "隐藏的列"),
    # --- notes: files
    ("read_as", "note", POLICIES, (HEAD + TWO).replace("X", "营业部").encode("gb18030"), "", 1, [],
     "read as GB18030, separator ,, line ends LF", "按 GB18030 编码读取"),
    ("read_as", "note", POLICIES, (HEAD + TWO).replace("X", "營業部門險種").encode("big5"), "", 1,
     [], "read as BIG5", "按 BIG5 编码读取"),
    ("read_as", "note", POLICIES, b"\xef\xbb\xbf" + (HEAD + TWO).encode(), "", 1, [],
     "UTF-8 + BOM", "UTF-8 + BOM"),
    ("read_as", "note", POLICIES, (HEAD + TWO).encode("utf-16"), "", 1, [], "UTF-16-LE + BOM",
     "UTF-16-LE + BOM"),
    ("read_as", "note", POLICIES, (HEAD + TWO).replace(",", ";"), "", 1, [], "separator ;",
     "分隔符 ;"),
    ("read_as", "note", POLICIES, (HEAD + TWO).replace(",", "\t"), "", 1, [], "separator TAB",
     "分隔符 TAB"),
    ("read_as", "note", POLICIES, (HEAD + TWO).replace("\n", "\r\n"), "", 1, [], "line ends CRLF",
     "换行 CRLF"),
    ("read_as", "note", POLICIES, HEAD.replace("\n", "\r\n") + TWO, "", 1, [], "line ends mixed",
     "换行 mixed"),
    ("header_names", "note", POLICIES, (HEAD + TWO).replace("premium", "首年保费"), "", 1, [],
     "首年保费 → premium", "首年保费 → premium"),
    ("header_names", "note", POLICIES, (HEAD + TWO).replace("premium", "首年保費"), "", 1, [],
     "首年保費 → premium", "首年保費 → premium"),
    ("unused_columns", "note", POLICIES, (HEAD + TWO).replace("premium", "首年保费")
     .replace("product", "心情"), "", 1, [], "not used: 心情", "未使用：心情"),
    # --- notes: cells
    ("full_width", "note", POLICIES, HEAD + ONE + "P２,A2,2012-02-10,,1,,X\n", "policy_id", 1,
     [(3, "P２")], "full-width", "全角"),
    ("odd_spaces", "note", POLICIES, HEAD + ONE + "P2,\u3000A2\u00a0,2012-02-10,,1,,X\n",
     "agent_id", 1, [(3, "\u3000A2\u00a0")], "blanks around", "前后有空白"),
    ("odd_spaces", "note", POLICIES, HEAD + ONE + "P2,A\u200b2,2012-02-10,,1,,X\n",
     "agent_id", 1, [(3, "A\u200b2")], "without width", "零宽"),
    ("formula_text", "note", POLICIES, HEAD + ONE + "P2,A2,2012-02-10,,1,,=1+1\n", "product", 1,
     [(3, "=1+1")], "like a formula", "形似公式"),
    ("markup", "note", POLICIES, HEAD + ONE + "P2,A2,2012-02-10,,1,,<b>x</b>\n", "product", 1,
     [(3, "<b>x</b>")], "markup", "标记语言"),
    ("date_written", "note", POLICIES, HEAD + ONE + "P2,A2,2012年2月10日,,1,,X\n", "submitted_on",
     1, [(3, "2012年2月10日")], "not written as", "不是 2012-09-30 的写法"),
    ("date_written", "note", POLICIES, HEAD + ONE + "P2,A2,20120210,,1,,X\n", "submitted_on",
     1, [(3, "20120210")], "not written as", "写法"),
    ("dates_order", "note", POLICIES, HEAD + ONE.replace("2012-01-10", "10/01/2012")
     + "P2,A2,13/02/2012,,1,,X\n", "submitted_on", 1, [(3, "13/02/2012")], "read as dmy", "按 dmy"),
    ("dates_order", "note", POLICIES, HEAD + ONE.replace("2012-01-10", "01/10/2012")
     + "P2,A2,02/13/2012,,1,,X\n", "submitted_on", 1, [(3, "02/13/2012")], "read as mdy", "按 mdy"),
    ("time_cut", "note", POLICIES, HEAD + ONE + "P2,A2,2012-02-10 09:30:00,,1,,X\n",
     "submitted_on", 1, [(3, "2012-02-10 09:30:00")], "time of day", "时刻"),
    ("serial_date", "note", BOOK, sheet(TOP, ROW, ["P2", "A2", 40950, 1]), "submitted_on", 1,
     [(3, "40950")], "counted from 1900", "自 1900 年"),
    ("serial_date", "note", BOOK, sheet(TOP, ROW, ["P2", "A2", 39488, 1], change=late),
     "submitted_on", 1, [(3, "39488")], "counted from 1904", "自 1904 年"),
    ("decimal_comma", "note", POLICIES, (HEAD + TWO).replace(",", ";").replace("1000", "1.000,50"),
     "premium", 1, [(2, "1.000,50")], "decimal comma", "逗号作小数点"),
    ("thousands", "note", POLICIES, (HEAD + TWO).replace("1000", '"1,000.50"'), "premium", 1,
     [(2, "1,000.50")], "thousands marks", "千位分隔符"),
    ("money_words", "note", POLICIES, (HEAD + TWO).replace("1000", "0.1万元"), "premium", 1,
     [(2, "0.1万元")], "currency or a unit", "货币或单位"),
]  # fmt: skip


def made(folder: Path, name: str, content: str | bytes | None) -> Path:
    """Write a book of two agents and two policies with one file broken."""
    files: dict[str, str | bytes] = {AGENTS: PEOPLE + A1 + A2, POLICIES: HEAD + TWO}
    if content is None:  # codes that lost their zeros
        files[AGENTS] = PEOPLE + (A1 + A2).replace("A1", "007").replace("A2", "008")
        policies = TWO.replace("A1", "007").replace("A2", "008")
        content = HEAD + policies + "P3,7,2012-01-10,,1,,X\n"
    if name != AGENTS:
        del files[POLICIES]
    files[name] = content
    folder.mkdir()
    (folder / "book.toml").write_text(books.SETTINGS, encoding="utf-8")
    for file, text in files.items():
        data = text.encode() if isinstance(text, str) else text
        (folder / file).write_bytes(data)
    return folder


@pytest.mark.parametrize(
    ("rule", "severity", "name", "content", "column", "count", "where", "en", "zh"),
    CASES,
    ids=[f"{i}-{case[0]}" for i, case in enumerate(CASES)],
)
def test_every_rule_has_its_sentence_places_and_exit_code(
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    rule: str,
    severity: str,
    name: str,
    content: str | bytes | None,
    column: str,
    count: int,
    where: list[tuple[int, Any]],
    en: str,
    zh: str,
) -> None:
    folder = made(tmp_path / "b", name, content)
    code = main(["check", str(folder), "--format", "json"])
    records = json.loads(capsys.readouterr().out)
    assert code == (2 if severity == "error" else 0), records
    here = [i for i, record in enumerate(records) if record["rule"] == rule]
    assert here, [record["rule"] for record in records]
    one = records[here[0]]
    table = name.partition(".")[0]
    assert (one["severity"], one["table"], one["column"], one["count"]) == (
        severity,
        table,
        column,
        count,
    )
    assert [(row["file"], row["line"]) for row in one["rows"]] == [(name, n) for n, _ in where]
    for row, (_, value) in zip(one["rows"], where, strict=True):
        assert value in (None, row["value"])
    label = {"error": ("[error]", "[错误]"), "warning": ("[warning]", "[警告]")}
    for lang, said, mark in zip(
        ("en", "zh"), (en, zh), label.get(severity, ("[note]", "[提示]")), strict=True
    ):
        assert main(["check", str(folder), "--lang", lang]) == code
        lines = capsys.readouterr().out.splitlines()
        first = lines[2 * here[0]]
        assert first.startswith(mark)
        assert said in first
        assert lines[2 * here[0] + 1].startswith("    ")
    if severity == "error":
        assert here == [0], "errors come first, and alone"
        assert main(["kpi", str(folder), "--period", "2012-01", "--kpi", "cases"]) == 2
        assert capsys.readouterr().out == ""
        with pytest.raises(BookRefused):
            open_book(folder)


def test_a_unit_above_the_header_counts_unless_book_toml_says_another(tmp_path: Path) -> None:
    text = "单位：万元\n" + HEAD.replace("product", "保费") + ONE.replace("X", "")
    text = text.replace("premium", "standard_premium").replace("保费", "保费（元）")
    text = text.replace(",1000,,", ",1.5,,7")
    folder = made(tmp_path / "b", POLICIES, text)
    for more, standard in (("", 1_500_000), ('[tables.policies]\nunit = "元"\n', 150)):
        (folder / "book.toml").write_text(books.SETTINGS + more, encoding="utf-8")
        book = open_book(folder)
        frame = book.backend.home(book.tables["policies"])
        assert frame[["standard_premium", "premium"]].values.tolist() == [[standard, 700]]


def test_lost_zeros_are_said_also_where_nobody_is_known(tmp_path: Path) -> None:
    folder = made(tmp_path / "b", POLICIES, HEAD + TWO.replace("A1", "7").replace("A2", "8"))
    agents = PEOPLE + (A1 + A2).replace("A1", "007").replace("A2", "008")
    (folder / AGENTS).write_text(agents, encoding="utf-8")
    found = {f.rule: f for f in check_book(folder)}
    assert found["unknown_agent"].severity == "error"
    assert (found["lost_zeros"].count, found["lost_zeros"].facts["width"]) == (2, 3)
    more = "[tables.policies.widths]\nagent_id = 3\n"
    (folder / "book.toml").write_text(books.SETTINGS + more, encoding="utf-8")
    assert not [f for f in check_book(folder) if f.severity != "note"]


def test_a_missing_column_is_looked_for_among_all_of_the_file(tmp_path: Path) -> None:
    text = (HEAD + TWO).replace("submitted_on", "何日").replace("premium", "保费")
    (one,) = [f for f in check_book(made(tmp_path / "b", POLICIES, text)) if f.severity == "error"]
    for lang in ("en", "zh"):
        assert "何日, issued_on, 保费" in one.fix(lang)
        assert "[tables.policies.columns]" in one.fix(lang)
