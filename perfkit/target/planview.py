"""What a plan of tables says of its year: the views of its target, and its months' weights."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from perfkit import words
from perfkit.target.audit import Audit, audit
from perfkit.target.expression import evaluate
from perfkit.target.planfile import Plan, refuse
from perfkit.target.relation import compiler
from perfkit.target.season import from_plan
from perfkit.target.view import MEASURES

__all__ = ["Beside", "beside", "plan_season", "plan_views"]

NAMES = {"id", "measure", "of", "source", *words.LANGS}


@dataclass(frozen=True, slots=True)
class Beside:
    """A plan that is laid beside: what contradicts itself in it, its views and its months.

    Attributes
    ----------
    audited : Audit or None
        None where no plan is laid beside.
    views : DataFrame
        What `plan_views` gives; empty for a workbook.
    season : Series
        What `plan_season` gives; empty for a workbook. [rate]
    """

    audited: Audit | None
    views: pd.DataFrame
    season: pd.Series[float]

    def title(self, lang: str) -> str:
        """Name the plan; empty where there is none."""
        return self.audited.plan.title[lang] if self.audited else ""

    def named(self, lang: str) -> dict[str, str]:
        """Name its views."""
        return dict(zip(self.views.index, self.views[lang], strict=True))


def beside(plan: str) -> Beside:
    """Read a plan to lay beside a year that is being planned.

    Parameters
    ----------
    plan : str
        A bundled plan, a folder with a plan.toml, or an .xlsx file with formulas; empty for none.

    Returns
    -------
    Beside

    Raises
    ------
    PerfkitError
        There is no such plan, or it cannot be read.

    Examples
    --------
    >>> beside("").audited is None
    True
    """
    if not plan:
        none = pd.DataFrame(columns=["measure", "value", "source", *words.LANGS])
        return Beside(None, none.rename_axis("view"), pd.Series(np.empty(0)))
    done = audit(plan)
    return Beside(done, plan_views(done.plan), plan_season(done.plan))


def plan_views(plan: Plan) -> pd.DataFrame:
    """Give the views that a plan declares of its own target, each with its measure.

    Parameters
    ----------
    plan : Plan
        A plan of tables; ``[[views]]`` in its plan.toml.

    Returns
    -------
    DataFrame
        By view: measure, value, source, and its words by language. Figures stand as printed;
        a view whose cells are empty is NaN. [yuan]

    Raises
    ------
    PerfkitError
        A view is not declared as it must be, with its place.

    Examples
    --------
    >>> from perfkit import bundle
    >>> from perfkit.target import read_folder
    >>> views = plan_views(read_folder(bundle.plan_path("branch_2005")))
    >>> views["measure"].unique().tolist()
    ['standard_premium', 'premium']
    """
    at, rows = compiler(plan), []
    for number, one in enumerate(plan.views, 1):
        at.where = f"views {one.get('id', number)}"
        if set(one) != NAMES:
            name = next(iter(sorted(set(one) ^ NAMES)))
            raise refuse("setting", path=plan.path, where=at.where, name=name)
        if one["measure"] not in MEASURES:
            raise at.refuse("unknown", what="setting", name=one["measure"], allowed=MEASURES)
        value = evaluate(at.node(one["of"], None, 0), lambda cell: plan.cells[cell].value)
        rows.append([one["id"], one["measure"], float("nan") if value is None else float(value),
                     one["source"], *(one[lang] for lang in words.LANGS)])  # fmt: skip
    columns = ["view", "measure", "value", "source", *words.LANGS]
    return pd.DataFrame(rows, columns=columns).set_index("view")


def plan_season(plan: Plan) -> pd.Series[float]:
    """Give the months' weights that a plan prints.

    Parameters
    ----------
    plan : Plan
        A plan of tables; ``months`` in its plan.toml names the table and the column.

    Returns
    -------
    Series
        By month, 1 to 12, adding up to exactly 1. Empty where the plan declares none. [rate]

    Raises
    ------
    PerfkitError
        The column is not there.
    TargetError
        The printed weights do not add up to 1.

    Examples
    --------
    >>> from perfkit import bundle
    >>> from perfkit.target import read_folder
    >>> float(plan_season(read_folder(bundle.plan_path("branch_2005"))).loc[1].round(4))
    0.1
    """
    if not plan.months:
        return pd.Series(np.empty(0))
    at = compiler(plan)
    at.where = "months"
    table, column = at.table(plan.months.get("table", "")), plan.months.get("column", "")
    at.column(table, column)
    cells = [plan.cells[table.cell(row, column)] for row in table.rows]
    size = float(plan.units[cells[0].unit].size)
    found = [float("nan") if cell.value is None else float(cell.value) * size for cell in cells]
    weights = pd.Series(found, index=pd.Index(range(1, len(found) + 1), name="month"))
    return from_plan(weights, printed=float(cells[0].step) * size)["weight"]
