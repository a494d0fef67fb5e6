"""Forecasts of the past beside what came: made with what was known then, scored by proper scores."""
