"""Makes the scenario's own package importable: it lives beside its tables, not in the program."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2] / "scenarios" / "wuhan-2020"))
