"""Every change of campaigns, funds, pledges, gifts and payments. Each is one transaction with its entry on the log."""
