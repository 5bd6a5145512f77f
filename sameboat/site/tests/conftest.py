import pytest
from django.utils import translation


@pytest.fixture(autouse=True)
def _plain_static_files(settings):
    settings.STORAGES = settings.STORAGES | {
        "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
    }


@pytest.fixture(autouse=True)
def _english():
    with translation.override("en"):
        yield


@pytest.fixture
def style_page(settings):
    settings.DEMO = True
    settings.ROOT_URLCONF = "sameboat.site.tests.addresses"
