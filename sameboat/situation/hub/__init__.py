"""A forecast hub's files: a folder of its record read, forecasts and target data written, checked by its tasks."""
