"""What will probably be: where a month lands, with an interval that means what it says."""

from perfkit.outlook.remainder import Landing, land, since_break

__all__ = ["Landing", "land", "since_break"]
