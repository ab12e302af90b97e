"""What will probably be: where a month or a year will land, with how far that can be wrong."""

from perfkit.outlook.forecast import forecast, forecast_backtest, year_landing
from perfkit.outlook.landing import landing, landing_backtest, month_landing

__all__ = [
    "forecast",
    "forecast_backtest",
    "landing",
    "landing_backtest",
    "month_landing",
    "year_landing",
]
