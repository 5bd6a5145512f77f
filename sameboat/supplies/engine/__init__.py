"""Fair shares as plain values."""
