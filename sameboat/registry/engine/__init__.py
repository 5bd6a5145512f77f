"""Ids and quantities as plain values."""
