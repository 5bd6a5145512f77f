"""Run benchmarks by name, or all of them: `python -m benchmarks [scenario log …]`."""

import importlib
import json
import os
import platform
import sys
from dataclasses import asdict, dataclass

NAMES = (
    "scenario",
    "verify",
    "pages",
    "log",
    "bulk",
    "acknowledged",
    "audit",
    "start",
    "witnessed",
    "situation_rt",
    "situation_forecast",
    "situation_pages",
    "figure_readers",
    "figures",
)
# Minutes long: run only when named.
STUDIES = (
    "rt_coverage",
    "forecast_scores",
    "flags",
    "forecast_stress",
    "alert_rates",
)


@dataclass(frozen=True, slots=True)
class Row:
    """One figure: what was measured, ours, the bar it must hold, and a peer measured in the same run."""

    what: str
    ours: float
    unit: str
    bar: str = ""
    peer: str = ""
    peers: float | None = None

    @property
    def ratio(self) -> str:
        """Ours over the peer's."""
        return "" if not self.peers else f"{self.ours / self.peers:.2f} x"


def main(names: list[str]) -> int:
    """Run the benchmarks and print their rows; with --json as one JSON document."""
    as_json = "--json" in names
    chosen = [name for name in names if not name.startswith("-")] or list(NAMES)
    known = NAMES + STUDIES
    unknown = sorted(set(chosen) - set(known))
    if unknown:
        print(f"no benchmark is called {', '.join(unknown)}; there are {', '.join(known)}", file=sys.stderr)
        return 2
    machine = f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}, Python {platform.python_version()}"
    rows: list[Row] = []
    if not as_json:
        print(machine)
        print(f"{'what':58}{'ours':>12} {'unit':12}{'bar':14}{'peer'}")
    for name in chosen:
        for row in importlib.import_module(f"benchmarks.{name}").measure():
            rows.append(Row(**row))
            if not as_json:
                peer = f"{rows[-1].peer}: {rows[-1].peers:.4g} ({rows[-1].ratio})" if rows[-1].peers else rows[-1].peer
                print(f"{rows[-1].what:58}{rows[-1].ours:>12.4g} {rows[-1].unit:12}{rows[-1].bar:14}{peer}", flush=True)
    if as_json:
        print(json.dumps({"machine": machine, "rows": [asdict(row) for row in rows]}, indent=2))
    return 0


sys.exit(main(sys.argv[1:]))
