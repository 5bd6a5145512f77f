"""A store that is older than what was published from its home."""

import pytest

from sameboat.supplies.actions.needs import publish_need
from sameboat.transparency import published, store
from sameboat.transparency.actions import publish
from sameboat.transparency.engine import checkpoint, signed_note
from sameboat.transparency.errors import RolledBackError, StoreError
from sameboat.transparency.keys import log_signer


def note_of(size, root):
    signer = log_signer()
    return signed_note.sign(checkpoint.encode(checkpoint.Checkpoint(signer.name, size, root)), [signer])


def test_a_published_checkpoint_is_remembered_after_its_commit(cast, django_capture_on_commit_callbacks):
    """The mark is the last checkpoint, and it is written only once the transaction has committed."""
    with django_capture_on_commit_callbacks() as waiting:
        last = publish()
        assert published.last() is None
    for callback in waiting:
        callback()
    assert (published.last().size, published.last().root) == (last.size, last.root)


def test_a_store_behind_the_mark_is_not_sequenced(cast):
    """Publishing refuses, gives no index and says what to do."""
    published.remember(note_of(100, bytes(32)))
    with pytest.raises(RolledBackError, match=r"100 were published.*Restore a newer backup"):
        publish()
    assert store.latest_size() == 0


def test_a_store_behind_the_mark_fails_its_check(cast):
    """So a server refuses to start on it."""
    last = publish()
    published.remember(note_of(last.size + 1, bytes(32)))
    with pytest.raises(RolledBackError, match="old copy"):
        store.check_store()


def test_an_empty_store_beside_a_mark_fails_its_check(db):
    """A lost database is not taken for a new one."""
    published.remember(note_of(1, bytes(32)))
    with pytest.raises(RolledBackError):
        store.check_store()


def test_a_forked_store_fails_its_check(cast):
    """A store that is long enough, but whose first entries are others, is a fork."""
    publish()
    published.remember(note_of(2, bytes(32)))
    with pytest.raises(RolledBackError, match="forked"):
        store.check_store()


def test_a_store_that_grew_past_the_mark_is_fine(cast):
    """A crash between commit and mark leaves the mark behind, which is no fault."""
    first = publish()
    published.remember(first.note)
    publish_need(cast.act_hospital, organisation=cast.hospital, item=cast.masks, quantity=5)
    second = publish()
    assert store.check_store(full=True) == second.size > first.size


def test_of_two_who_publish_the_larger_mark_stays(cast):
    """Whoever comes late with an older checkpoint does not put the mark back."""
    published.remember(note_of(7, bytes(32)))
    published.remember(note_of(6, bytes(32)))
    assert published.last().size == 7


def test_a_mark_that_was_left_behind_catches_up(cast):
    """After a crash, or a full disk, between commit and mark; a mark that is ahead is never put back."""
    first = publish()
    published.catch_up(first.note)
    assert published.last().size == first.size
    published.remember(note_of(first.size + 1, bytes(32)))
    published.catch_up(first.note)
    assert published.last().size == first.size + 1


@pytest.mark.parametrize("text", ["", "nonsense\n", "a\nb\nc\n", "\x00", "origin\n5\nAAAA\n\n— a b\n"])
def test_a_damaged_mark_is_told(cast, settings, text):
    """The mark is never taken for absent because it cannot be read."""
    (settings.HOME / published.FILE_NAME).write_text(text)
    with pytest.raises(StoreError, match="damaged"):
        publish()


def test_a_missing_key_is_told_and_no_new_one_made(cast, settings, tmp_path):
    """A store with a checkpoint and a home without its key is refused: a new key would not be the log's."""
    publish()
    settings.HOME = tmp_path
    with pytest.raises(StoreError, match="signing key is missing"):
        store.check_store()
    assert not (tmp_path / "keys").exists()
