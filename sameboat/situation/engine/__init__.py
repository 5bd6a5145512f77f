"""Epidemiology as pure functions of arrays: no Django, no database, no clock, no network."""
