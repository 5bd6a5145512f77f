"""Whatever a program sends, the API answers as its own document says and never fails."""

import random

import pytest
import schemathesis
from django.core.signals import request_finished, request_started
from django.core.wsgi import get_wsgi_application
from django.db import close_old_connections
from hypothesis import HealthCheck, settings
from schemathesis.checks import CHECKS
from schemathesis.config import SchemathesisConfig

from sameboat.transparency.actions import publish

EXAMPLES = 15

schema = schemathesis.openapi.from_wsgi(
    "/api/openapi.json",
    get_wsgi_application(),
    config=SchemathesisConfig.from_dict({"generation": {"deterministic": True}}),
)

CHECKED = CHECKS.get_by_names(
    [
        "not_a_server_error",
        "status_code_conformance",
        "content_type_conformance",
        "response_schema_conformance",
        "response_headers_conformance",
        "negative_data_rejection",
        "unsupported_method",
    ]
)

known = {}


@schema.hook
def map_path_parameters(context, path_parameters):
    """Ask for things that exist, most of the time."""
    return {
        name: known[name] if name in known and random.Random(repr(value)).random() < 0.8 else value
        for name, value in (path_parameters or {}).items()
    }


@pytest.fixture
def token(cast, callers):
    """The token of a member who may everything, where one of each thing exists and the log is published."""
    from django.contrib.auth.models import User

    from sameboat.registry.actions import add_member
    from sameboat.registry.models import Role

    for organisation in (cast.hospital, cast.charity, cast.company):
        for role in Role.values:
            user = User.objects.get(username="operator")
            add_member(cast.act_operator, organisation=organisation, user=user, role=role)
    caller = callers.operator
    need = caller.does("/needs", {"organisation": cast.hospital.public_id, "item": "mask-surgical", "quantity": 500})
    promise = caller.does(f"/needs/{need['id']}/pledges", {"quantity": 500})["pledge"]
    gift = caller.does(f"/organisations/{cast.charity.public_id}/gifts", {"item": "mask-surgical", "quantity": 600})
    allocations = [
        caller.does(f"/lots/{gift['lot']}/allocations", {"need": need["id"], "quantity": 50}) for _ in range(2)
    ]
    handover = caller.does(f"/allocations/{allocations[0]['id']}/hand-over")
    campaign = caller.does("/campaigns", {"charity": cast.charity.public_id, "title_en": "Masks"})
    fund = caller.does(f"/campaigns/{campaign['id']}/funds", {"purpose_en": "Masks"})
    caller.does(f"/funds/{fund['id']}/gifts", {"amount": 200, "currency": "CNY"})
    payment = caller.does(
        f"/funds/{fund['id']}/payments",
        {"recipient": cast.hospital.public_id, "amount": 5, "currency": "CNY", "purpose": "Masks"},
    )
    vintage = _publish_figures(cast, caller)
    publish()
    known.update(
        feed="test",
        vintage_id=vintage["id"],
        org_id=cast.charity.public_id,
        need_id=need["id"],
        pledge_id=promise["id"],
        gift_id=gift["id"],
        lot_id=gift["lot"],
        allocation_id=allocations[1]["id"],
        handover_id=handover["id"],
        campaign_id=campaign["id"],
        fund_id=fund["id"],
        payment_id=payment["id"],
        index="0",
    )
    # Keep this test's transaction open between requests, as Django's own test client does.
    for signal in (request_started, request_finished):
        signal.disconnect(close_old_connections)
    yield caller.token
    for signal in (request_started, request_finished):
        signal.connect(close_old_connections)


def _publish_figures(cast, caller):
    """Publish a vintage of a source that the charity speaks for."""
    from sameboat.registry.models import Place

    Place.objects.create(code="XX", level="country", name_en="Testland")
    caller.does("/figures/feeds", {"code": "test", "name_en": "Test", "publisher": cast.charity.public_id})
    signal = {"signal": "cases", "form": "cumulative", "unit_en": "people", "unit_zh": "人", "name_en": "Cases"}
    caller.does("/figures/definitions", signal)
    rows = [{"place": "XX", "signal": "cases", "date": "2020-02-12", "value": 5}]
    return caller.does("/figures/feeds/test/vintages", {"published": "2020-02-12", "observations": rows})


@schema.parametrize()
@settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True)
def test_every_operation_answers_as_documented(case, token):
    """Valid input and invalid input alike get an answer that the document describes, and invalid input is refused."""
    case.call_and_validate(headers={"Authorization": f"Bearer {token}"}, checks=CHECKED)
