"""The outbreak: nowcast, reproduction number, forecasts, scenarios and alerts, each with its vintage and own score."""
