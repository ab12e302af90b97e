"""What each number is, and what it comes to: the one road from facts to numbers."""

from perfkit.kpi.catalogue import FAMILIES, Kpi, Measure, catalogue, glossary, kpi, measures
from perfkit.kpi.compare import compare
from perfkit.kpi.detail import curve, distribution
from perfkit.kpi.entered import targets
from perfkit.kpi.measure import check_period, computable, grid, measure, units

__all__ = [
    "FAMILIES",
    "Kpi",
    "Measure",
    "catalogue",
    "check_period",
    "compare",
    "computable",
    "curve",
    "distribution",
    "glossary",
    "grid",
    "kpi",
    "measure",
    "measures",
    "targets",
    "units",
]
