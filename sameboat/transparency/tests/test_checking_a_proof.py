"""The guide to checking a proof says what is so."""

import re
from pathlib import Path

from django.conf import settings

from sameboat.transparency.engine import proof_file

from .proofs import LOG, NOTE, WITNESS, cosigned, proven

GUIDE = Path(settings.ROOT) / "docs" / "checking-a-proof.md"


def run(data, capsys):
    (code,) = re.findall(r"```python\n(.*?)```", GUIDE.read_text(), re.DOTALL)
    exec(code, {"data": data, "LOG_KEY": LOG.verifier.vkey, "WITNESS_KEY": WITNESS.verifier.vkey})
    return capsys.readouterr().out


def test_its_program_runs(capsys):
    """The program in the guide shows what a good file proves."""
    data = proof_file.build(LOG.verifier.vkey, cosigned(WITNESS), [proven(3), proven(8)], [WITNESS.verifier.vkey])
    assert run(data, capsys) == "3 goods.received\n8 goods.received\n"


def test_its_program_explains_a_refusal(capsys):
    """The program in the guide says why a file without the witness is refused."""
    data = proof_file.build(LOG.verifier.vkey, NOTE, [proven(3)])
    assert "too few witnesses" in run(data, capsys)


def test_its_table_names_every_member():
    """The guide names every member of a proof file."""
    named = set(re.findall(r"^\| `(?:\w+\[\]\.)?(\w+)` \|", GUIDE.read_text(), re.MULTILINE))
    assert named == {"format", "log", "witnesses", "checkpoint", "entries", "index", "entry", "proof", "openings"}
