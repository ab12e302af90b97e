"""Sentences about what `explain` found: numbers as given, in the reader's words."""

from __future__ import annotations

import pandas as pd

from perfkit import words
from perfkit.show import label
from perfkit.show.prose import Prose

__all__ = ["drivers"]


def drivers(
    frame: pd.DataFrame, *, kpi: str, lang: str, ends: tuple[str, str] | None = None
) -> Prose:
    """Say in a sentence what moved a number, the largest effect first.

    Parameters
    ----------
    frame : DataFrame
        Columns step, value: the two numbers with the effects between them. [unit of `kpi`]
    kpi : str
        What is explained.
    lang : {"zh", "en"}
        The reader's language.
    ends : tuple of str, optional
        The two periods; before and after otherwise.

    Returns
    -------
    Prose
        Empty where a number is unknown.

    Raises
    ------
    PerfkitError
        A column is missing.

    Examples
    --------
    >>> steps = ["before", "activity_rate", "average_case_size", "after"]
    >>> frame = pd.DataFrame({"step": steps, "value": [100.0, 40.0, -60.0, 80.0]})
    >>> drivers(frame, kpi="premium_submitted", lang="en", ends=("2012-03", "2012-07"))
    From Mar to Jul, premium submitted went from 100 to 80 yuan (-20): premium per policy -60,
    activity rate +40.
    """
    label.require(frame, ("step", "value"), "drivers")
    if len(frame) < 2 or frame["value"].isna().any():
        return Prose("")
    unit = label.unit_of(kpi)
    parts = frame.iloc[1:-1]
    order = parts["value"].abs().sort_values(ascending=False, kind="stable").index
    said = [
        words.text(
            "explain.part",
            lang,
            driver=label.said(f"explain.factor.{step}", lang, label.kpi_name(str(step), lang)),
            effect=words.number(value, unit, lang, signed=True),
        )
        for step, value in parts.loc[order].itertuples(index=False)
    ]
    names = (words.text(f"explain.factor.{end}", lang) for end in ("before", "after"))
    first, second = (label.period_name(e, lang, short=True) for e in ends) if ends else names
    start, end = float(frame["value"].iloc[0]), float(frame["value"].iloc[-1])
    return Prose(
        words.text(
            "explain.drivers",
            lang,
            first=first,
            second=second,
            kpi=label.kpi_name(kpi, lang),
            start=words.number(start, unit, lang),
            end=words.number(end, unit, lang),
            unit=words.text(f"unit.{unit}", lang) if unit == "yuan" else "",
            change=words.number(end - start, unit, lang, signed=True),
            parts=words.text("table.list", lang).join(said),
        )
    )
