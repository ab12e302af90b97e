"""Charts in one visual language: readable on a projector, in print and without colour.

Every chart takes a tidy frame of `kpi`, draws what is in it and returns the `Axes`
(`before_after` the `Figure`); `figure_data` gives the numbers back, `picture` ends a cell.
Colours are those of Okabe and Ito, told apart by colour-blind readers; lines also differ by
their marks and dashes.
"""

from perfkit.show.plot.along import landing, pace, weeks
from perfkit.show.plot.among import bars, composition, concentration
from perfkit.show.plot.case import before_after
from perfkit.show.plot.ending import Picture, figure_data, picture
from perfkit.show.plot.explained import funnel, waterfall
from perfkit.show.plot.flow import flow
from perfkit.show.plot.look import font_file, style
from perfkit.show.plot.over_time import curve, lines
from perfkit.show.plot.over_year import year

__all__ = [
    "Picture",
    "bars",
    "before_after",
    "composition",
    "concentration",
    "curve",
    "figure_data",
    "flow",
    "font_file",
    "funnel",
    "landing",
    "lines",
    "pace",
    "picture",
    "style",
    "waterfall",
    "weeks",
    "year",
]
