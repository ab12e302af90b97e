"""What each number is, and what it comes to: the one road from facts to numbers."""

from perfkit.kpi.catalogue import FAMILIES, Kpi, Measure, catalogue, glossary, kpi, measures
from perfkit.kpi.choose import answerable, by_people, computable
from perfkit.kpi.codes import check_codes
from perfkit.kpi.cohort import cohorts, life_table, survival
from perfkit.kpi.compare import compare
from perfkit.kpi.detail import curve, distribution
from perfkit.kpi.entered import adds_up, target_table, targets
from perfkit.kpi.form import form
from perfkit.kpi.measure import check_period, grid, measure
from perfkit.kpi.places import units
from perfkit.kpi.reconcile import reconcile, reconcile_findings
from perfkit.kpi.relative import held_against, trailing, whole_months
from perfkit.kpi.restated import restated_findings, restated_kpis, restated_since
from perfkit.kpi.variant import bridge

__all__ = [
    "FAMILIES",
    "Kpi",
    "Measure",
    "adds_up",
    "answerable",
    "bridge",
    "by_people",
    "catalogue",
    "check_codes",
    "check_period",
    "cohorts",
    "compare",
    "computable",
    "curve",
    "distribution",
    "form",
    "glossary",
    "grid",
    "held_against",
    "kpi",
    "life_table",
    "measure",
    "measures",
    "reconcile",
    "reconcile_findings",
    "restated_findings",
    "restated_kpis",
    "restated_since",
    "survival",
    "target_table",
    "targets",
    "trailing",
    "units",
    "whole_months",
]
