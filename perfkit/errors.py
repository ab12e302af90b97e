"""What perfkit raises: what is wrong, where, how many, and the way out, in either language.

The sentences stand in the words files under ``errors``; an exception carries the facts,
so the command line and the reports can say it to a Chinese or an English reader.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Sequence
from typing import Any

from perfkit import words

__all__ = [
    "BadPeriod",
    "BookRefused",
    "Locked",
    "ParameterError",
    "PerfkitError",
    "ReconcileError",
    "RunFailed",
    "TargetError",
    "UnknownName",
    "nearest",
]


def nearest(name: str, allowed: Iterable[str]) -> str | None:
    """Find the known name a misspelt one most likely means.

    Parameters
    ----------
    name : str
        What was written.
    allowed : iterable of str
        The known names.

    Returns
    -------
    str or None
        None when nothing is near.

    Examples
    --------
    >>> nearest("unti", ["book", "period", "unit"])
    'unit'
    >>> nearest("zebra", ["book", "period"]) is None
    True
    """
    folded = {item.casefold(): item for item in allowed}
    found = difflib.get_close_matches(name.casefold(), folded, n=1, cutoff=0.5)
    return folded[found[0]] if found else None


class PerfkitError(Exception):
    """The root of everything perfkit refuses.

    Parameters
    ----------
    key : str
        Which sentence of ``errors`` in the words files.
    **facts : object
        What the sentence needs.

    Examples
    --------
    >>> str(PerfkitError("no_book_toml", path="x"))
    'The folder x holds no book.toml, so it is not a book.'
    """

    exit_code = 2

    def __init__(self, key: str, **facts: Any) -> None:
        super().__init__(key, facts)
        self.key = key
        self.facts = facts

    def text(self, lang: str) -> str:
        """Say what is wrong in the reader's language."""
        return words.text(f"errors.{self.key}", lang, **self.facts)

    def __str__(self) -> str:
        return self.text("en")

    def __reduce__(self) -> tuple[Any, ...]:
        return (_rebuild, (type(self), self.key, self.facts))


def _rebuild(kind: type[PerfkitError], key: str, facts: dict[str, Any]) -> PerfkitError:
    """Carry an error across processes, whatever its own constructor asks for."""
    error = kind.__new__(kind)
    PerfkitError.__init__(error, key, **facts)
    return error


class UnknownName(PerfkitError, LookupError):
    """A name that is not known, with the nearest one and the allowed ones.

    Examples
    --------
    >>> print(UnknownName(kind="unit", name="D1/0", allowed=["D1", "D1/01"]))
    There is no unit 'D1/0'. Did you mean 'D1/01'? Known: D1, D1/01.
    """

    SHOWN = 40

    def __init__(self, *, kind: str, name: object, allowed: Sequence[str]) -> None:
        super().__init__("unknown_name", kind=kind, name=str(name), allowed=list(allowed))

    def text(self, lang: str) -> str:
        """Say it with the kind named in the reader's language."""
        allowed: list[str] = self.facts["allowed"]
        near = nearest(self.facts["name"], allowed)
        shown = ", ".join(allowed[: self.SHOWN]) or "–"
        if len(allowed) > self.SHOWN:
            shown += f", … ({len(allowed)})"
        return words.text(
            "errors.unknown_name",
            lang,
            kind=words.text(f"kind.{self.facts['kind']}", lang),
            name=self.facts["name"],
            nearest=words.text("errors.nearest", lang, nearest=near) if near else "",
            allowed=shown,
        )


class BadPeriod(PerfkitError, ValueError):
    """A text that is no period.

    Examples
    --------
    >>> "2012-13" in str(BadPeriod("2012-13", why="date"))
    True
    """

    def __init__(self, written: object, why: str = "") -> None:
        super().__init__("bad_period", text=str(written), why=why)

    def text(self, lang: str) -> str:
        """Say it with the reason, where there is one."""
        why = self.facts["why"]
        said = words.text(f"errors.bad_period_{why}", lang) if why else ""
        return words.text("errors.bad_period", lang).format(text=self.facts["text"], why=said)


class BookRefused(PerfkitError, ValueError):
    """A book with errors: every one is named, none is swallowed."""

    def __init__(self, book: str, findings: Sequence[Any]) -> None:
        super().__init__("book_refused", book=book, findings=list(findings))

    @property
    def findings(self) -> list[Any]:
        """Every finding of the check, warnings included."""
        found: list[Any] = self.facts["findings"]
        return found

    def text(self, lang: str) -> str:
        """List the errors with their way out."""
        errors = [f for f in self.findings if f.severity == "error"]
        lines = "\n".join(
            words.text("errors.book_line", lang, text=f.text(lang), fix=f.fix(lang)) for f in errors
        )
        return words.text(
            "errors.book_refused", lang, book=self.facts["book"], count=len(errors), lines=lines
        )


class ParameterError(PerfkitError, ValueError):
    """A notebook parameter that does not fit, found before a kernel starts."""


class ReconcileError(PerfkitError, ValueError):
    """Parts that do not add up to their whole."""


class TargetError(ReconcileError):
    """A target that cannot be, or an entry that no target can be made of.

    Examples
    --------
    >>> print(TargetError("negative", what="weight", count=1, names="D1"))
    1 value(s) of the weight are negative or infinite: D1. Enter amounts from 0 on.
    """

    def __init__(self, key: str, **facts: Any) -> None:
        super().__init__(f"target.{key}", **facts)

    def text(self, lang: str) -> str:
        """Say it with what is meant named in the reader's language."""
        said = dict(self.facts)
        for place, table in (("what", "target_entry"), ("where", "target_entry"), ("kind", "kind")):
            word = f"{table}.{said.get(place)}"
            if words.has(word, lang):
                said[place] = words.text(word, lang)
        return words.text(f"errors.{self.key}", lang, **said)


class RunFailed(PerfkitError):
    """A report that could not be made; the published ones are untouched."""

    exit_code = 1


class Locked(PerfkitError):
    """Another run holds the lock of this folder."""

    exit_code = 3
