"""The nouns over HTTP: searched by any spelling, entered by operators, members added by administrators."""

import pytest

from sameboat.registry.models import OrganisationAlias, Place

pytestmark = pytest.mark.django_db


@pytest.fixture
def places(cast):
    """Hubei with Wuhan in it, where the hospital lies."""
    hubei = Place.objects.create(code="420000", level="province", name_en="Hubei", name_zh="湖北省")
    wuhan = Place.objects.create(code="420100", level="city", name_en="Wuhan", name_zh="武汉市", parent=hubei)
    cast.hospital.place = wuhan
    cast.hospital.save()
    return hubei, wuhan


@pytest.mark.parametrize("text", ["Test Hosp", "test hosp", "测试医", "协和"])
def test_an_organisation_is_found_by_any_spelling(text, cast, callers):
    """Names in both languages and aliases, whatever the case, part of them is enough."""
    OrganisationAlias.objects.create(text="协和医院", organisation=cast.hospital, rule="the notices call it so")
    found = callers.anyone.get("/organisations", text=text).json()["items"]
    assert [each["id"] for each in found] == [cast.hospital.public_id]


def test_an_organisation_shows_how_else_it_is_spelled_and_why(cast, callers):
    """Its page for programs says by which rule an alias is taken for it."""
    OrganisationAlias.objects.create(text="协和医院", organisation=cast.hospital, rule="the notices call it so")
    shown = callers.anyone.get(f"/organisations/{cast.hospital.public_id}").json()
    assert shown["aliases"] == [{"text": "协和医院", "rule": "the notices call it so"}]


def test_organisations_are_found_by_the_place_they_lie_in(places, cast, callers):
    """A province finds what lies in its cities."""
    found = callers.anyone.get("/organisations", place="420000").json()["items"]
    assert [each["id"] for each in found] == [cast.hospital.public_id]


def test_every_organisation_stands_on_one_page_only(cast, callers):
    """Following `next` gives each once."""
    first = callers.anyone.get("/organisations", limit=2).json()
    second = callers.anyone.get("/organisations", limit=2, before=first["next"]).json()
    ids = [each["id"] for each in first["items"] + second["items"]]
    assert (len(ids), len(set(ids)), second["next"]) == (3, 3, None)


@pytest.mark.parametrize("text", ["\x00", "\u202e", "a" * 201])
@pytest.mark.parametrize("path", ["/organisations", "/places", "/needs"])
def test_a_search_for_what_cannot_be_shown_is_refused(path, text, cast, callers):
    """The refusal names the parameter."""
    answer = callers.anyone.get(path, text=text)
    assert (answer.status_code, answer.json()["error"]["field"]) == (422, "text")


def test_places_are_found_by_name_and_by_what_they_lie_in(places, callers):
    """Both filters, in either language."""
    assert [each["code"] for each in callers.anyone.get("/places", text="武汉").json()["items"]] == ["420100"]
    assert [each["code"] for each in callers.anyone.get("/places", parent="420000").json()["items"]] == ["420100"]


def test_the_catalogue_says_what_a_pack_holds(cast, callers):
    """Whoever writes a quantity in boxes knows what it is taken for."""
    (masks,) = callers.anyone.get("/items").json()
    assert (masks["base_unit"], masks["packs"]) == ("piece", [{"unit": "box", "base_quantity": 50}])


def test_the_operator_registers_an_organisation_and_its_first_administrator(cast, callers):
    """From then on the administrator adds members."""
    new = callers.operator.does("/organisations", {"kind": "hospital", "name_zh": "新医院"})
    member = callers.operator.does(f"/organisations/{new['id']}/members", {"user": "company", "role": "admin"})
    assert member["roles"] == ["admin"]
    added = callers.company.does(f"/organisations/{new['id']}/members", {"user": "charity", "role": "ask"})
    assert added["organisation"]["id"] == new["id"]


def test_only_who_may_add_members_learns_who_signs_in_here(cast, callers):
    """To others an existing name and an unknown one are refused alike."""
    path = f"/organisations/{cast.hospital.public_id}/members"
    for name in ("charity", "nobody of this name"):
        assert callers.company.post(path, {"user": name, "role": "sign"}).status_code == 403
    assert callers.operator.post(path, {"user": "nobody of this name", "role": "sign"}).status_code == 404


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"name_en": "", "name_zh": ""}, "name_en"),
        ({"name_en": "\u202elatipsoh"}, "name_en"),
        ({"name_en": "a" * 201}, "name_en"),
        ({"kind": "ship"}, "kind"),
        ({"place": "nowhere"}, "place"),
    ],
)
def test_an_organisation_that_cannot_be_is_refused(change, field, cast, callers, everything_stored):
    """The refusal names the field, and nothing is registered."""
    before = everything_stored()
    answer = callers.operator.post("/organisations", {"kind": "hospital", "name_en": "New"} | change)
    assert (answer.status_code, answer.json()["error"]["field"]) == (422, field)
    assert everything_stored() == before


def test_a_revoked_key_no_longer_signs_but_stays_known(cast, callers):
    """It is listed with the moment of its revocation."""
    path = f"/organisations/{cast.hospital.public_id}/keys"
    key = callers.hospital.does(path, {"public_key": "A" * 43 + "="})
    callers.hospital.does(f"/keys/{key['id']}/revoke", {"reason": "lost"})
    (listed,) = callers.anyone.get(path).json()
    assert listed["revoked_at"]


def test_an_emergency_is_declared_by_the_operator_only(places, callers):
    """Others are refused, and what was declared is public."""
    body = {"name_en": "Outbreak", "hazard": "pneumonia", "place": "420100", "declared_from": "2020-01-23"}
    assert callers.charity.post("/emergencies", body).status_code == 403
    callers.operator.does("/emergencies", body)
    assert [each["declared_from"] for each in callers.anyone.get("/emergencies").json()] == ["2020-01-23"]
