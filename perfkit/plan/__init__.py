"""Who does what: meetings and their focus."""

from perfkit.plan import meeting

__all__ = ["meeting"]
