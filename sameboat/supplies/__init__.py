"""Goods: who needs what, which lots are held where, who handed over and who signed."""
