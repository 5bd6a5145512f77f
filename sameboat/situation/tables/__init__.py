"""Tables that commands read and write: series, reports with their delays, Rt, nowcasts."""
