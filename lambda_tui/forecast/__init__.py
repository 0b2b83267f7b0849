"""Durations and cost at sizes that were not measured."""

from lambda_tui.aws_facts import visible_cores
from lambda_tui.forecast.model import Point, WaitCpuModel, fit
from lambda_tui.forecast.predict import (
    USUAL_SIZES_MB,
    Forecast,
    Prediction,
    forecast,
    parse_points,
    parse_sizes,
    predict,
)
from lambda_tui.forecast.speed import cpu_speed

__all__ = [
    "USUAL_SIZES_MB",
    "Forecast",
    "Point",
    "Prediction",
    "WaitCpuModel",
    "cpu_speed",
    "fit",
    "forecast",
    "parse_points",
    "parse_sizes",
    "predict",
    "visible_cores",
]
