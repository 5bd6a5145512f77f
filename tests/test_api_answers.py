"""What every answer of the API has in common: one shape of refusal, the caller's language, a page for people."""

import errno
import re
import sqlite3
from pathlib import Path

import pytest
from django.conf import settings
from django.db import DatabaseError, IntegrityError, OperationalError

from sameboat.supplies import queries
from sameboat.supplies.models import Need
from sameboat.supplies.shapes import NeedShape
from sameboat.transparency import http_caching, proofs

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("get", "/api/nothing", 404, "not-found"),
        ("get", "/api/", 404, "not-found"),
        ("get", "/api/needs/x/y", 404, "not-found"),
        ("get", "/api/needs/%00", 404, "not-found"),
        ("get", "/api/needs/need_01e1qg0w80000000000000000z", 404, "not-found"),
        ("delete", "/api/needs", 405, "method-not-allowed"),
        ("post", "/api/needs", 401, "unauthenticated"),
        ("get", "/api/me", 401, "unauthenticated"),
        ("get", "/api/needs?limit=x", 422, "invalid-input"),
    ],
)
def test_every_refusal_has_one_shape(method, path, status, code, client):
    """A code for programs, a message for people, the field and the faults, whoever refused."""
    answer = getattr(client, method)(path)
    assert (answer.status_code, answer["Content-Type"]) == (status, "application/json; charset=utf-8")
    error = answer.json()["error"]
    assert error["code"] == code
    assert set(error) == {"code", "message", "field", "faults"}


@pytest.mark.parametrize(
    ("failure", "status", "code"),
    [(ValueError("the secret plan"), 500, "failed"), (OperationalError("the secret plan"), 503, "busy")],
)
def test_a_failure_of_ours_shows_no_stack_trace(failure, status, code, client, monkeypatch, settings):
    """Even while debugging, the caller reads that it failed and not how; the program's log has the rest."""
    settings.DEBUG = True

    def fail(*args, **kwargs):
        raise failure

    monkeypatch.setattr(queries, "needs", fail)
    answer = client.get("/api/needs")
    assert (answer.status_code, answer.json()["error"]["code"]) == (status, code)
    assert "secret plan" not in answer.content.decode()


class DiskFullError(Exception):
    """As PostgreSQL's driver has it."""

    sqlstate = "53100"


def caused(error, cause, code=0):
    """Return a database's error as Django raises it."""
    if code:
        cause.sqlite_errorcode = code
    error.__cause__ = cause
    return error


@pytest.mark.parametrize(
    ("failure", "status", "code"),
    [
        (caused(OperationalError("full"), sqlite3.OperationalError(), sqlite3.SQLITE_FULL), 507, "storage-full"),
        (caused(OperationalError("full"), DiskFullError()), 507, "storage-full"),
        (OSError(errno.ENOSPC, "full"), 507, "storage-full"),
        (
            caused(OperationalError("io"), sqlite3.OperationalError(), sqlite3.SQLITE_IOERR_FSYNC),
            503,
            "storage-failing",
        ),
        (caused(DatabaseError("torn"), sqlite3.DatabaseError(), sqlite3.SQLITE_CORRUPT), 503, "storage-failing"),
        (caused(OperationalError("wait"), sqlite3.OperationalError(), sqlite3.SQLITE_BUSY_SNAPSHOT), 503, "busy"),
        (IntegrityError("a fault of ours"), 500, "failed"),
        (OSError(errno.ENOENT, "a fault of ours"), 500, "failed"),
    ],
    ids=lambda value: str(value)[:20],
)
def test_what_ails_the_store_is_told(failure, status, code, client, monkeypatch):
    """Full, failing and busy are told apart from each other and from faults of the program."""

    def fail(*args, **kwargs):
        raise failure

    monkeypatch.setattr(queries, "needs", fail)
    answer = client.get("/api/needs")
    assert (answer.status_code, answer.json()["error"]["code"]) == (status, code)


def test_what_was_done_is_not_called_undone(cast, callers, monkeypatch):
    """Where the database fails after the commit, the answer says that it was done; asked again, the answer is there."""
    body = {"organisation": cast.hospital.public_id, "item": "mask-surgical", "quantity": 5}
    callers.hospital.client.raise_request_exception = False
    fail = OperationalError("the server closed the connection")
    with monkeypatch.context() as failing:
        failing.setattr(NeedShape, "of", lambda need: raising(fail))
        answer = callers.hospital.post("/needs", body, key="k")
    assert (answer.status_code, answer.json()["error"]["code"]) == (500, "unanswered")
    assert callers.hospital.does("/needs", body, key="k")["id"] == Need.objects.get().public_id


def test_an_answer_goes_without_a_promise_that_cannot_be_read(cast, callers, monkeypatch):
    """What was done is answered all the same; asked again, the promise is there."""
    body = {"organisation": cast.hospital.public_id, "item": "mask-surgical", "quantity": 5}
    with monkeypatch.context() as failing:
        failing.setattr(proofs, "promises_of", lambda leaf_hashes: raising(OperationalError("gone")))
        answer = callers.hospital.post("/needs", body, key="k")
    assert (answer.status_code, "Sameboat-Promise" in answer.headers) == (201, False)
    assert "Sameboat-Promise" in callers.hospital.post("/needs", body, key="k").headers


def raising(error):
    raise error


def test_a_failure_before_an_operation_runs_shows_no_stack_trace_either(client, monkeypatch, settings):
    """What fails outside the operation itself is told in the same shape."""
    settings.DEBUG = True
    client.raise_request_exception = False
    monkeypatch.setattr(http_caching, "state_tag", lambda: 1 / 0)
    answer = client.get("/api/needs")
    assert (answer.status_code, answer.json()["error"]["code"]) == (500, "failed")


def test_the_document_names_every_refusal_and_who_may_call(client):
    """A program that reads the document knows the shape of errors and which calls need a token."""
    document = client.get("/api/openapi.json").json()
    publish = document["paths"]["/api/needs"]["post"]
    assert {"400", "401", "403", "404", "409", "413", "422", "429"} <= set(publish["responses"])
    assert publish["security"] == [{"Token": []}, {"Session": []}]
    assert {} in document["paths"]["/api/needs/{need_id}/pledges"]["post"]["security"]
    assert "security" not in document["paths"]["/api/needs"]["get"]
    keyed = [parameter for parameter in publish["parameters"] if parameter["in"] == "header"]
    assert [parameter["name"] for parameter in keyed] == ["Idempotency-Key"]


def test_the_reference_page_names_every_operation_and_loads_nothing_from_elsewhere(client):
    """It is made from the document, and keeps to our content security policy."""
    page = client.get("/api/docs")
    text = page.content.decode()
    document = client.get("/api/openapi.json").json()
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            assert f'id="{operation["operationId"]}"' in text
            assert f"{method.upper()} {path}" in text
    assert "https://" not in text.replace('href="https://', "")
    assert 'src="http' not in text
    assert "script-src 'self'" in page["Content-Security-Policy"]


@pytest.mark.parametrize("path", ["/api/needs", "/api/totals", "/api/log/entries"])
def test_pages_of_other_sites_may_read_what_is_public(path, client):
    """An open API: no key, and no origin is refused."""
    assert client.get(path)["Access-Control-Allow-Origin"] == "*"


def test_a_refusal_speaks_the_callers_language(client):
    """The addresses of the API say no language, so the header does."""
    for header, language in (("zh-CN,zh;q=0.9", "zh-hans"), ("fr", "en")):
        answer = client.get("/api/needs/need_x", headers={"Accept-Language": header})
        assert answer["Content-Language"] == language
        assert ("编号" in answer.json()["error"]["message"]) is (language == "zh-hans")


def test_every_address_in_the_guide_exists(client):
    """The guide for programs names no operation that the document does not have."""
    paths = client.get("/api/openapi.json").json()["paths"]
    patterns = [re.sub(r"\{[^}]+\}", "[^/]+", path) for path in paths]
    guide = (Path(settings.ROOT) / "docs" / "api.md").read_text()
    named = re.findall(r"(?:\$API|/api)(/[a-z][a-z/_.\-{}…]*[a-z}…])", guide)
    assert len(named) > 30
    for address in set(named) - {"/openapi.json", "/docs"}:
        assert any(re.fullmatch(pattern, f"/api{address}") for pattern in patterns), address
