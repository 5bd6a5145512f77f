"""Outbreak numbers as pure functions over arrays: no Django, no database, no clock, no network."""
