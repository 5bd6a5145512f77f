"""An entry has at most 65,535 bytes, as the format of bundles counts them in two."""

from datetime import UTC, datetime

import pytest
from django.db import transaction

from sameboat.registry.events import EmergencyDeclared
from sameboat.transparency import sources
from sameboat.transparency.actions import append, publish
from sameboat.transparency.auditor import audit
from sameboat.transparency.engine.layout import MAX_ENTRY_BYTES
from sameboat.transparency.errors import LogError
from sameboat.transparency.keys import log_signer
from sameboat.transparency.models import Entry

pytestmark = pytest.mark.django_db

NOW = datetime(2020, 1, 30, 3, 0, tzinfo=UTC)


def say(letters, character="x"):
    event = EmergencyDeclared(
        emergency="emg_" + "0" * 26,
        name_zh="",
        name_en=character * letters,
        hazard="epidemic",
        place="CN",
        declared_from="2020-01-23",
    )
    with transaction.atomic():
        accepted = append(event, actor="operator", event_time=NOW, recorded_at=NOW)
        return Entry.objects.get(pk=accepted.pk)


def bytes_beside_the_name():
    with transaction.atomic():
        bare = len(say(0).body)
        transaction.set_rollback(True)
    return bare


def test_the_largest_entry_is_published_and_audited():
    """65,535 bytes are taken, and go all the way."""
    entry = say(MAX_ENTRY_BYTES - bytes_beside_the_name())
    assert len(entry.body) == MAX_ENTRY_BYTES
    publish()
    assert not audit(sources.own_store(), log_signer().verifier).wrong


@pytest.mark.parametrize(
    ("letters", "character"), [(MAX_ENTRY_BYTES + 1, "x"), (MAX_ENTRY_BYTES // 3, "罩"), (10**6, "x")]
)
def test_a_larger_one_is_refused_whole(letters, character):
    """The message tells its size and the most there can be, in bytes; nothing is stored."""
    if letters > MAX_ENTRY_BYTES:
        letters -= bytes_beside_the_name()
    with pytest.raises(LogError, match=r"65,535 is the most"):
        say(letters, character)
    assert not Entry.objects.exists()
