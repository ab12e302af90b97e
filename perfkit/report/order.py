"""What a run is asked for, checked to the last value before any kernel starts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from perfkit import bundle, period, words
from perfkit.errors import ParameterError, PerfkitError, UnknownName
from perfkit.report import manifest, notebook, publish, units
from perfkit.report.notebook import Notebook

if TYPE_CHECKING:
    from perfkit.book import Book

__all__ = ["BOTH", "Order", "Plan", "plan"]

BOTH: Final = "both"
STANDARD: Final = ("book", "period", "unit", "lang")
UNDATED: Final = "undated"
WHOLE: Final = "all"


@dataclass(frozen=True, slots=True)
class Order:
    """One report to make.

    Attributes
    ----------
    unit : str or None
        The unit it is about; None for a notebook without units.
    lang : str
        zh or en.
    parameters : mapping
        A value for every parameter of the notebook, as the kernel gets it.
    shown : mapping
        The same as it is published: the book by its own name, not by its place.
    stem : str
        Its files' name without ending.
    key : str
        Hash of everything that goes in.
    """

    unit: str | None
    lang: str
    parameters: Mapping[str, Any]
    shown: Mapping[str, Any]
    stem: str
    key: str


@dataclass(frozen=True, slots=True)
class Plan:
    """All reports of one run: one notebook, one book, one period.

    Attributes
    ----------
    notebook : Notebook
        What runs.
    book : Book or None
        The facts; None for a notebook without a book.
    period : Period or None
        None for a notebook without a period.
    folder : str
        ``<period>/<notebook>``
    orders : tuple of Order
        One a unit and language.
    """

    notebook: Notebook
    book: Book | None
    period: period.Period | None
    folder: str
    orders: tuple[Order, ...]


def plan(
    name: str | Path,
    *,
    standard: Mapping[str, str | None],
    each: str | None = None,
    parameters: Mapping[str, object] | None = None,
) -> Plan:
    """Check what a run is asked for.

    Parameters
    ----------
    name : str or Path
        A bundled notebook or an ``.ipynb`` file.
    standard : mapping
        Values of book, period, unit and lang; None leaves the notebook's own. lang may be
        ``both``.
    each : str, optional
        A level: one report for each of its units.
    parameters : mapping, optional
        The notebook's other parameters, texts or Python values.

    Returns
    -------
    Plan

    Raises
    ------
    UnknownName
        An unknown notebook, parameter, language, book, level or unit, with the nearest name.
    ParameterError
        A value is missing, of the wrong type or given twice; the notebook is not for such a
        period, or a level gives no report.
    BadPeriod
        The period is none.
    BookRefused
        The book has errors.
    """
    read = notebook.read(bundle.notebook_path(name))
    if each and standard.get("unit"):
        raise ParameterError("report.unit_or_each")
    values = _bound(read, standard, parameters or {}, each)
    langs = _langs(values["lang"])
    when = period.parse(values["period"]) if "period" in values else None
    if when is not None:
        notebook.check_kind(read, when)
        values["period"] = when.code
    known = period.previous(when) if when is not None and read.ahead else when
    book = _opened(values, known)
    given = _is_given("unit", standard, parameters)
    about = _units(book, values, each, known, given=given)
    orders = tuple(_order(read, book, values, unit, lang) for unit in about for lang in langs)
    folder = f"{publish.safe(when.code if when else UNDATED)}/{publish.safe(read.name)}"
    return Plan(read, book, when, folder, orders)


def _is_given(
    name: str, standard: Mapping[str, str | None], parameters: Mapping[str, object] | None
) -> bool:
    return bool(standard.get(name)) or name in (parameters or {})


def _bound(
    read: Notebook,
    standard: Mapping[str, str | None],
    parameters: Mapping[str, object],
    each: str | None,
) -> dict[str, Any]:
    """Bind all values; the standard parameters are text wherever they are declared."""
    given = dict(parameters)
    for name, value in standard.items():
        if value is None:
            continue
        if name in given:
            raise ParameterError("report.parameter_twice", name=name)
        given[name] = value
    if each:
        given.setdefault("unit", "")
    values = notebook.bind(read.parameters, given)
    for name in STANDARD:
        declared = read.parameters.get(name)
        if (declared is None and name == "lang") or (declared and str(declared.kind) != "str"):
            raise PerfkitError("report.standard_parameter", path=str(read.path), name=name)
    return values


def _langs(asked: str) -> Sequence[str]:
    if asked == BOTH:
        return words.LANGS
    if asked not in words.LANGS:
        raise UnknownName(kind="lang", name=asked, allowed=[*words.LANGS, BOTH])
    return (asked,)


def _opened(values: dict[str, Any], when: period.Period | None) -> Book | None:
    """Open the book, and name it so that the kernel, in another folder, finds the same one."""
    if "book" not in values:
        return None
    folder = bundle.book_path(values["book"])
    if values["book"] not in bundle.books() or Path(values["book"]).exists():
        values["book"] = str(folder.resolve())
    from perfkit.book import open_book  # heavy: only for a request that has come this far
    from perfkit.kpi import check_period

    book = open_book(values["book"])
    if when is not None:
        check_period(book, when)
    return book


def _units(
    book: Book | None,
    values: Mapping[str, Any],
    each: str | None,
    when: period.Period | None,
    *,
    given: bool,
) -> Sequence[str | None]:
    """Find the units: the one that was asked for, each of a level, or the book's whole."""
    if "unit" not in values:
        return (None,)
    if book is None:
        if each:
            raise ParameterError("report.each_no_book", level=each)
        return (values["unit"],)
    if each:
        return units.each_of(book, each, when)
    return units.choose(book, values["unit"], given=given)


def _order(
    read: Notebook, book: Book | None, values: Mapping[str, Any], unit: str | None, lang: str
) -> Order:
    bound = {**values, "lang": lang}
    if unit is not None:
        bound["unit"] = unit
    shown = {**bound, "book": book.name} if book else bound
    key = manifest.key(read.sha256, shown, book.fingerprint if book else "")
    return Order(unit, lang, bound, shown, f"{publish.safe(unit or WHOLE)}.{lang}", key)
