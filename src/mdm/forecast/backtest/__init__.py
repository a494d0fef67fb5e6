"""Forecasts of the past beside what came: rolling origins, data as known then, the model fitted anew at each, proper scores."""
