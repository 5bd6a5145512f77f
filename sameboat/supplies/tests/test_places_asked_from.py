"""The needs page offers the provinces and cities in which something was asked for, and no other place."""

import pytest
from django.test import Client

from sameboat.registry.models import Place
from sameboat.supplies import queries
from sameboat.supplies.actions.needs import publish_need

pytestmark = pytest.mark.django_db


@pytest.fixture
def hubei():
    """A province with a city and a district in it, beside a city in which nobody asks."""
    country = Place.objects.create(code="CN", level="country", name_en="China")
    province = Place.objects.create(code="420000", level="province", parent=country, name_en="Hubei")
    city = Place.objects.create(code="420100", level="city", parent=province, name_en="Wuhan")
    Place.objects.create(code="420200", level="city", parent=province, name_en="Huangshi")
    return Place.objects.create(code="420102", level="district", parent=city, name_en="Jiang'an District")


def test_what_a_need_lies_in_is_offered(cast, hubei):
    """A need in a district puts its city and province into the list; a city without needs is not there."""
    assert queries.places_asked_from() == []
    cast.hospital.place = hubei
    publish_need(cast.act_hospital, organisation=cast.hospital, item=cast.masks, quantity=5)
    assert [place.code for place in queries.places_asked_from()] == ["420000", "420100"]
    page = Client().get("/needs").content.decode()
    assert 'value="420100"' in page
    assert "Huangshi" not in page


def test_the_number_of_statements_does_not_grow(cast, hubei, django_assert_num_queries):
    """One statement, and at most one for each country above."""
    cast.hospital.place = hubei
    publish_need(cast.act_hospital, organisation=cast.hospital, item=cast.masks, quantity=5)
    with django_assert_num_queries(2):
        queries.places_asked_from()
