import re

import pytest
from django.conf import settings as django_settings
from django.contrib.auth import get_user_model
from django.template.loader import render_to_string
from django.test import RequestFactory

from sameboat.site.views import too_many

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("path", ["/", "/about", "/sign-in", "/style"])
def test_a_page_stands_in_both_languages(client, style_page, path):
    """English has no prefix, Chinese stands under /zh-hans, and each links to the other."""
    english, chinese = client.get(path), client.get(f"/zh-hans{path}")
    assert (english.status_code, chinese.status_code) == (200, 200)
    assert '<html lang="en">' in english.text
    assert f'href="/zh-hans{path}" lang="zh-hans"' in english.text
    assert '<html lang="zh-hans">' in chinese.text
    assert f'href="{path}" lang="en"' in chinese.text


def test_the_other_language_keeps_the_question(client, style_page):
    """Changing the language does not lose a search."""
    assert 'href="/zh-hans/needs?q=N95"' in client.get("/needs?q=N95").text


def test_the_current_room_is_marked(client, style_page):
    """One link of the navigation is the current page."""
    page = client.get("/zh-hans/about").text
    assert re.findall(r'href="([^"]+)" aria-current="page"', page) == ["/zh-hans/about"]


def test_the_style_page_is_for_demonstrations(client, settings):
    """A real installation has no style page."""
    settings.DEMO = settings.DEBUG = False
    assert client.get("/style").status_code == 404


def test_a_demonstration_says_so(client, style_page):
    """Nobody can take the demonstration for a live appeal."""
    assert "A demonstration" in client.get("/about").text


@pytest.mark.parametrize("prefix", ["", "/zh-hans"])
def test_a_wrong_address_is_answered_in_its_language(client, prefix):
    """The page for a wrong address has the shell and the reader's language."""
    answer = client.get(f"{prefix}/nowhere")
    assert answer.status_code == 404
    assert ("没有内容" in answer.text) == bool(prefix)


@pytest.mark.parametrize("template", ["400.html", "500.html"])
def test_the_last_resort_needs_nothing(template, django_assert_num_queries):
    """The page for our own failure is written without a request, a session or the database."""
    with django_assert_num_queries(0):
        assert "<h1" in render_to_string(template)


def test_too_many_tries_say_when_to_come_back():
    """The answer carries the waiting time for people and for programs."""
    answer = too_many(RequestFactory().get("/sign-in"), 30)
    assert (answer.status_code, answer["Retry-After"]) == (429, "30")
    assert "30 seconds" in answer.text


def test_sign_in_shows_what_is_wrong_and_keeps_the_name(client):
    """A wrong password is said at the top, and the name need not be typed again."""
    page = client.post("/sign-in", {"username": "somebody", "password": "wrong"}).text
    assert 'role="alert"' in page
    assert 'value="somebody"' in page


def test_signing_in_leads_to_work_and_out_again(client):
    """A member signs in, sees the way out, and leaves by a form that no link can trigger."""
    get_user_model().objects.create_user("warehouse", password="a long enough password")
    answer = client.post("/sign-in", {"username": "warehouse", "password": "a long enough password"}, follow=True)
    assert "warehouse" in answer.text
    assert client.get("/sign-out").status_code == 405
    assert client.post("/sign-out").status_code == 302
    assert client.get("/work").status_code == 302


@pytest.mark.parametrize("path", ["/style", "/about", "/sign-in"])
def test_no_style_or_script_stands_in_a_page(client, style_page, path):
    """The content security policy needs no exception."""
    page = client.get(path).text
    assert not re.search(r"\sstyle=|<style|\son\w+=|javascript:", page)
    assert not re.search(r"<script(?![^>]*\ssrc=)", page)


def test_a_page_with_every_component_is_light(client, style_page):
    """The heaviest page, its style and its scripts together weigh under 150 KB, uncompressed."""
    static = django_settings.PACKAGE / "site" / "static" / "site"
    files = sum(path.stat().st_size for path in static.iterdir())
    assert len(client.get("/zh-hans/style").content) + files < 150_000
