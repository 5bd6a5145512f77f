"""Public facts about outbreaks, read from the folder that `SAMEBOAT_FACTS` names."""

from pathlib import Path

import pytest
from django.conf import settings

OUTBREAK: Path = settings.FACTS / "outbreak"
NEEDED = pytest.mark.skipif(
    not OUTBREAK.is_dir(), reason=f"no facts in {OUTBREAK}; name their folder in SAMEBOAT_FACTS"
)
