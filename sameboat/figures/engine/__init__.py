"""Figures as plain values: readers, changes between vintages, canonical files, increments, residuals, quality flags."""
