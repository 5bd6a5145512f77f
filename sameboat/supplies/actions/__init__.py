"""Every change of needs, lots, allocations and hand-overs. Each is one transaction with its entry on the log."""
