"""perfkit: the planning office's workbook for a life-insurance agency force.

Import the rooms, not what is in them, so that calls read as phrases::

    from perfkit import book, kpi

    b = book.open_book("district_one")
    kpi.measure(b, ["activity_rate"], by="department", period="2012-09")
"""

__all__ = [
    "book",
    "bundle",
    "errors",
    "explain",
    "kpi",
    "org",
    "outlook",
    "period",
    "plan",
    "report",
    "show",
    "words",
]
__version__ = "0.1.0"
