"""Makes an installation with the demonstration's accounts and one item; prints each account's session as JSON.

Run as a program of its own, in the folder that SAMEBOAT_HOME names, before the server starts.
"""

import json
import os
import sys

PASSWORD = "a password for tests"


def main() -> None:
    """Make the tables, the accounts and the catalogue; sign everybody in."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "sameboat.project.settings")
    import django

    django.setup()
    from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
    from django.contrib.auth.models import User
    from django.contrib.sessions.backends.db import SessionStore
    from django.core.management import call_command

    from sameboat.project import demo_accounts
    from sameboat.registry.models import Item, Unit

    call_command("migrate", verbosity=0, interactive=False)
    demo_accounts.make(PASSWORD)
    piece = Unit.objects.create(code="piece", name_en="piece", name_zh="个", kind="count")
    Item.objects.create(
        code="mask-surgical",
        category="mask",
        name_en="Surgical mask",
        name_zh="医用外科口罩",
        base_unit=piece,
        standard="YY 0469-2011",
    )
    sessions = {}
    for user in User.objects.all():
        session = SessionStore()
        session[SESSION_KEY] = str(user.pk)
        session[BACKEND_SESSION_KEY] = "django.contrib.auth.backends.ModelBackend"
        session[HASH_SESSION_KEY] = user.get_session_auth_hash()
        session.create()
        sessions[user.username] = session.session_key
    sys.stdout.write(json.dumps(sessions))


if __name__ == "__main__":
    main()
