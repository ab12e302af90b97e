"""What will probably be: where a month or a year will land, with how far that can be wrong."""

from perfkit.outlook.forecast import forecast, forecast_backtest, year_landing
from perfkit.outlook.landing import Landing, land, landing_backtest, since_break
from perfkit.outlook.month import month_landing
from perfkit.outlook.yearly import year_landings

__all__ = [
    "Landing",
    "forecast",
    "forecast_backtest",
    "land",
    "landing_backtest",
    "month_landing",
    "since_break",
    "year_landing",
    "year_landings",
]
