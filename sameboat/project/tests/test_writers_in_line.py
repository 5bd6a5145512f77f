"""Writers of one process wait in line: in their order, the sequencer first, and nobody for ever."""

import threading

import pytest
from django.db import OperationalError, connection, transaction

from sameboat.project.sqlite3 import base
from sameboat.project.sqlite3.line import Line
from sameboat.registry.models import Unit

PATIENCE = 30


def waiting(line, count):
    """Wait until so many wait in line."""
    while len(line._waiting) < count:
        threading.Event().wait(0.001)


def test_one_at_a_time_in_the_order_in_which_they_came():
    """But for who goes first."""
    line, order = Line(), []

    def come(name, first):
        assert line.enter(PATIENCE, first=first)
        order.append(name)
        line.leave()

    assert line.enter(PATIENCE)
    threads = []
    for number, (name, first) in enumerate([("a", False), ("b", False), ("sequencer", True), ("c", False)]):
        threads.append(threading.Thread(target=come, args=(name, first)))
        threads[-1].start()
        waiting(line, number + 1)
    line.leave()
    for thread in threads:
        thread.join(PATIENCE)
    assert order == ["sequencer", "a", "b", "c"]
    assert line.enter(0)


def test_who_gives_up_holds_up_nobody():
    """The turn of one whose patience ended goes to the next."""
    line = Line()
    assert line.enter(0)
    assert not line.enter(0.001)
    line.leave()
    assert line.enter(0)


sqlite = pytest.mark.skipif("connection.vendor != 'sqlite'", reason="PostgreSQL has writers beside each other")


@sqlite
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("ending", ["commit", "error", "failed commit"])
def test_however_a_transaction_ends_the_next_may_write(ending, monkeypatch):
    """After a commit, an error, and a commit that the disk refused."""

    def fail(self):
        raise OperationalError("disk full")

    try:
        with transaction.atomic():
            Unit.objects.create(code=ending[:24], kind="count")
            if ending == "failed commit":
                monkeypatch.setattr("django.db.backends.sqlite3.base.DatabaseWrapper._commit", fail)
            elif ending == "error":
                raise ZeroDivisionError
    except (ZeroDivisionError, OperationalError):
        pass
    monkeypatch.undo()
    line = base._lines[str(connection.settings_dict["NAME"])]
    assert line.enter(0)
    line.leave()


@sqlite
@pytest.mark.django_db
def test_a_connection_that_is_closed_leaves_the_line(tmp_path):
    """In the middle of its transaction."""
    store = {**connection.settings_dict, "NAME": tmp_path / "store.sqlite3", "OPTIONS": {}}
    wrapper, line = base.DatabaseWrapper(store, "store"), base._lines[str(tmp_path / "store.sqlite3")]
    wrapper.set_autocommit(False, force_begin_transaction_with_broken_autocommit=True)
    assert not line.enter(0)
    wrapper.close()
    assert line.enter(0)


@sqlite
@pytest.mark.django_db(transaction=True)
def test_who_waits_too_long_is_told_that_the_store_is_busy(monkeypatch):
    """As SQLite itself would say it, and the line goes on."""
    monkeypatch.setattr(base, "PATIENCE", 0.001)
    line = base._lines[str(connection.settings_dict["NAME"])]
    assert line.enter(0)
    with pytest.raises(OperationalError, match="locked"), transaction.atomic():
        pass
    line.leave()
    with transaction.atomic():
        Unit.objects.create(code="piece", kind="count")
    assert Unit.objects.count() == 1
