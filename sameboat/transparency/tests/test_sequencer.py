"""The sequencer: one at a time, undisturbed by errors, ended between two rounds."""

import threading

import pytest

from sameboat.supplies.actions.needs import publish_need
from sameboat.transparency import published as mark
from sameboat.transparency import queries, sequencer, store
from sameboat.transparency.errors import RolledBackError

PATIENCE = 30
pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def sequencers():
    """Start sequencers in threads of their own, and end them all."""
    running = []

    def start(observe=None):
        stop = threading.Event()
        thread = threading.Thread(target=sequencer.run, args=(stop, observe))
        thread.start()
        running.append((stop, thread))
        return stop, thread

    yield start
    for stop, _ in running:
        stop.set()
    for _, thread in running:
        thread.join(PATIENCE)


def published(seen, count):
    """Wait until `count` rounds were observed."""
    return all(seen.acquire(timeout=PATIENCE) for _ in range(count))


def test_what_waits_is_published(cast, sequencers):
    """An accepted entry gets its index without anyone asking, and the observer hears how many did."""
    told, seen = [], threading.Semaphore(0)

    def observe(seconds, entries):
        told.append(entries)
        seen.release()

    sequencers(observe)
    assert published(seen, 1)
    publish_need(cast.act_hospital, organisation=cast.hospital, item=cast.masks, quantity=5)
    assert published(seen, 1)
    assert (sum(told), queries.state().waiting) == (queries.state().size, 0)


def test_a_second_sequencer_stands_by_and_takes_over(cast, sequencers):
    """While one runs the other publishes nothing; when the first ends the second goes on."""
    first_seen, second_seen = threading.Semaphore(0), threading.Semaphore(0)
    stop, thread = sequencers(lambda seconds, entries: first_seen.release())
    assert published(first_seen, 1)
    sequencers(lambda seconds, entries: second_seen.release())
    publish_need(cast.act_hospital, organisation=cast.hospital, item=cast.masks, quantity=5)
    assert published(first_seen, 1)
    assert not second_seen.acquire(blocking=False)
    stop.set()
    thread.join(PATIENCE)
    publish_need(cast.act_hospital, organisation=cast.hospital, item=cast.masks, quantity=7, standard="GB 19083-2010")
    assert published(second_seen, 1)


def test_an_error_is_tried_again(cast, sequencers, monkeypatch):
    """A round that fails does not end the sequencer; what waited is published when it can be."""
    failures = iter([RolledBackError("not now"), OSError("disk full")])
    seen, publish = threading.Semaphore(0), sequencer.publish

    def publish_at_last():
        for failure in failures:
            raise failure
        return publish()

    monkeypatch.setattr(sequencer, "publish", publish_at_last)
    sequencers(lambda seconds, entries: seen.release())
    assert published(seen, 1)


def test_a_mark_that_could_not_be_written_is_written_later(cast, sequencers, monkeypatch):
    """A disk that was full for a moment leaves no checkpoint unmarked, though nothing new waits."""
    failures, seen, remember = [OSError(28, "No space left on device")], threading.Semaphore(0), mark.remember

    def remember_at_last(note):
        if failures:
            raise failures.pop()
        remember(note)
        seen.release()

    monkeypatch.setattr(mark, "remember", remember_at_last)
    sequencers()
    assert published(seen, 1)
    assert mark.last().size == store.latest_size() > 0


def test_it_ends_when_told_even_while_standing_by(cast, sequencers):
    """Neither the one that runs nor the one that waits holds up the end of its server."""
    seen = threading.Semaphore(0)
    first = sequencers(lambda seconds, entries: seen.release())
    assert published(seen, 1)
    second = sequencers()
    for stop, thread in (second, first):
        stop.set()
        thread.join(PATIENCE)
        assert not thread.is_alive()
