"""How a payment is shared among the gifts of a fund, as plain values."""
