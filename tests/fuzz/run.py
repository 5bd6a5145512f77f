"""Fuzz one parser, guided by coverage: `python tests/fuzz/run.py NAME FOLDER [-max_total_time=SECONDS …]`.

Needs atheris (`pip install atheris`), which is not among the project's requirements. FOLDER collects the inputs that
reached something new; `python tests/fuzz/run.py --keep FOLDER` writes those of all parsers, a folder each, into
`tests/fuzz/corpus.json`, which every test run replays.
"""

import json
import sys
from base64 import b64encode
from pathlib import Path

CORPUS = Path(__file__).with_name("corpus.json")
LARGEST = 4096


def main() -> None:
    """Run as the module says."""
    if sys.argv[1] == "--keep":
        folders = sorted(folder for folder in Path(sys.argv[2]).iterdir() if folder.is_dir())
        kept = {
            folder.name: sorted(b64encode(path.read_bytes()).decode() for path in folder.iterdir())
            for folder in folders
        }
        CORPUS.write_text(json.dumps(kept, indent=0) + "\n")
        return

    import atheris

    with atheris.instrument_imports(include=["sameboat"]):
        from parsers import PARSERS
    name, folder = sys.argv[1], Path(sys.argv[2])
    check, example = PARSERS[name]
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "example").write_bytes(example)
    atheris.Setup([sys.argv[0], str(folder), f"-max_len={LARGEST}", *sys.argv[3:]], check)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
