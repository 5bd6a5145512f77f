"""Pure computing on figures: readers of sources, quality flags, increments and residuals."""
