"""The outbreak: how fast it spreads (Rt), what today's incomplete counts will become (nowcast), what comes next
(forecast), what if (scenarios), and what to look at (alerts), each shown with its uncertainty and its own past error."""
