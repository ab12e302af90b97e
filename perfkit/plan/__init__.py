"""Who does what: meetings and their focus."""

from perfkit.plan import meeting, workyear

__all__ = ["meeting", "workyear"]
