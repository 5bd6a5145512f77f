"""Makes the tables of this scenario from the raw files; `--check` says whether the committed ones are the same.

    python scenarios/wuhan-2020/retabulate.py [--check]

The raw files are read from the folder named by SAMEBOAT_FACTS (default: ../shared/facts beside the checkout).
"""

from __future__ import annotations

import argparse
import csv
import gzip
import io
import sys
from pathlib import Path

from retabulation.judgements import Judgements, UnjudgedError
from retabulation.outbreak import outbreak_tables
from retabulation.quantities import QuantityError
from retabulation.sources import FOLDER, MissingFactsError, facts_folder, read_csv
from retabulation.tables import Table, all_tables


def as_csv(table: Table) -> str:
    """Return the table as CSV text with a header row and LF line ends."""
    text = io.StringIO()
    writer = csv.DictWriter(text, list(table[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows(table)
    return text.getvalue()


def read(path: Path) -> bytes:
    """Return a committed table's bytes, without their compression; nothing where there is no such file."""
    if not path.exists():
        return b""
    return gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()


def write(path: Path, text: str) -> None:
    """Write a table; one that ends in .gz compressed, without a time in it."""
    data = text.encode()
    path.write_bytes(gzip.compress(data, mtime=0) if path.suffix == ".gz" else data)


def main() -> int:
    """Write or check the tables; return 0 where all is well, 1 where a check failed, 2 where nothing could be read."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--check", action="store_true", help="compare with the committed tables, write nothing")
    arguments = parser.parse_args()
    try:
        facts = facts_folder()
        tables = all_tables(facts, FOLDER) | outbreak_tables(facts, FOLDER)
        made = {name: as_csv(table) for name, table in tables.items()}
    except (MissingFactsError, UnjudgedError, QuantityError) as error:
        print(error, file=sys.stderr)
        return 2
    codes = {row["code"]: row["name"] for row in read_csv(facts / "outbreak" / "cn2020" / "ChinaAreaCode.csv")}
    faults = [
        f"places.csv: {code} is {codes.get(code, 'no code')} in GB/T 2260, not {row['name_zh']}"
        for code, row in Judgements(FOLDER).places.items()
        if code.isdigit() and codes.get(code) != row["name_zh"]
    ]
    for name, text in made.items():
        path = FOLDER / name
        if not arguments.check:
            write(path, text)
        elif read(path) != text.encode():
            faults.append(f"{name}: not what the raw files give; run this without --check and look at the difference")
    for fault in faults:
        print(fault, file=sys.stderr)
    if not faults:
        print(f"{len(made)} tables {'agree with the raw files' if arguments.check else 'written'}.")
    return 1 if faults else 0


if __name__ == "__main__":
    raise SystemExit(main())
