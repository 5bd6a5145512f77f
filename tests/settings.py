"""The project's settings for its tests: a data folder of their own, plain static files, a quick password hash."""

import os
import tempfile

os.environ["SAMEBOAT_HOME"] = tempfile.mkdtemp(prefix="sameboat-test-")
# A browser's test leaves Playwright's loop running in the thread in which the tests after it use the database.
os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "1"

from sameboat.project.settings import *

STORAGES = STORAGES | {"staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}}  # noqa: F405
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]

(STATIC_ROOT).mkdir(parents=True, exist_ok=True)  # noqa: F405

if DATABASES["default"]["ENGINE"].endswith("sqlite3"):  # noqa: F405
    # In memory, whatever the number of processes: pytest-django knows Django's own engines by name only.
    DATABASES["default"]["TEST"] = {"NAME": ":memory:"}  # noqa: F405
