"""What those who watch an installation see: health, metrics, logs; and nothing that is private."""

import json
import logging

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.db import OperationalError, connection
from structlog.testing import capture_logs

from sameboat.project import health
from sameboat.project.logs import logging_settings
from sameboat.supplies.actions.needs import publish_need
from sameboat.transparency import queries
from sameboat.transparency.actions import publish


def test_health_tells_how_the_log_stands(cast, client):
    """Size, waiting entries and the age of the last checkpoint, with status 200."""
    publish()
    publish_need(cast.act_hospital, organisation=cast.hospital, item=cast.masks, quantity=5)
    answer = client.get("/healthz")
    told = answer.json()
    assert (answer.status_code, told["status"], told["log_size"], told["waiting"]) == (200, "ok", 3, 1)
    assert 0 <= told["checkpoint_age_seconds"] < 60


def test_health_is_broken_without_a_database(client, monkeypatch):
    """A balancer sees 503, and a person what to do."""

    def fail():
        raise OperationalError("connection refused")

    monkeypatch.setattr(queries, "state", fail)
    answer = client.get("/healthz")
    assert (answer.status_code, answer.json()["database"]) == (503, "down")
    assert "sameboat doctor" in answer.json()["problem"]


def test_health_is_broken_while_nobody_publishes(cast, client, monkeypatch):
    """The same entry waiting for longer than half a minute means that no sequencer runs."""
    now = [1000.0]
    monkeypatch.setattr(health.time, "monotonic", lambda: now[0])
    assert client.get("/healthz").status_code == 200
    now[0] += health.LONGEST_WAIT + 1
    assert client.get("/healthz").status_code == 503
    publish()
    assert client.get("/healthz").status_code == 200


def test_metrics_count_by_route_and_never_by_path(cast, client):
    """A code in an address cannot reach the metrics."""
    client.get("/needs/need_SECRETCODE")
    client.get("/no-such-place/SECRETCODE?token=SECRETCODE")
    text = client.get("/metrics").content.decode()
    assert 'route="unmatched"' in text
    assert "SECRETCODE" not in text


def test_metrics_tell_the_logs_state(cast, client):
    """Size and waiting entries are read when they are asked for."""
    publish()
    text = client.get("/metrics").content.decode()
    assert "sameboat_log_size 3.0" in text
    assert "sameboat_log_waiting 0.0" in text


def test_a_request_is_logged_by_its_route(client, db):
    """One line: method, route, status and time; no path, no address, no person."""
    with capture_logs() as lines:
        client.get("/healthz?token=SECRETCODE", HTTP_USER_AGENT="SECRETCODE", REMOTE_ADDR="203.0.113.9")
    (line,) = [line for line in lines if line["event"] == "request"]
    assert set(line) == {"event", "log_level", "method", "route", "status", "milliseconds"}
    assert (line["route"], line["status"]) == ("healthz", 200)


def formatted(error=None, **extra):
    """Return a record as the JSON log has it."""
    settings = logging_settings("json", "INFO")["formatters"]["structured"]
    maker = settings.pop("()")
    record = logging.LogRecord(
        "django.request", logging.ERROR, "x", 1, "Internal Server Error: %s", ("/x/SECRET",), error
    )
    record.__dict__.update(extra)
    return json.loads(maker(**settings).format(record))


def test_a_fault_is_logged_without_its_words_or_path(rf):
    """What a person typed stands in messages and paths; the log has the type, the place and the route."""
    try:
        raise ValueError("SECRET words")
    except ValueError as error:
        line = formatted((type(error), error, error.__traceback__), request=rf.get("/x/SECRET"), status_code=500)
    assert "SECRET" not in json.dumps(line)
    assert (line["exception"], line["route"]) == ("builtins.ValueError", "unmatched")
    assert "test_a_fault_is_logged" in line["at"][0]


@pytest.mark.parametrize(("form", "level"), [("xml", "INFO"), ("json", "LOUD"), ("JSON", "INFO")])
def test_an_unknown_form_of_logs_is_refused(form, level):
    """The message names the setting and what it takes."""
    with pytest.raises(ValueError, match="SAMEBOAT_LOG_"):
        logging_settings(form, level)


def test_a_bad_database_address_is_refused():
    """The settings say which addresses they take."""
    from sameboat.project.settings import _database

    with pytest.raises(ImproperlyConfigured, match="postgresql://"):
        _database("mysql://root@localhost/x")


def test_health_asks_the_database_little(cast, client, django_assert_max_num_queries):
    """A balancer asks every second: two queries, neither over the history."""
    publish()
    connection.queries_log.clear()
    with django_assert_max_num_queries(2):
        client.get("/healthz")
