"""Accounts to try the main job with, in a demo only.

They belong to organisations that are called demonstrations, in every language: nobody acts in the name of a real
hospital or charity, and what they enter cannot be taken for history.
"""

from dataclasses import dataclass

from django.contrib.auth.models import User
from django.utils import timezone

from sameboat.registry.acting import Act
from sameboat.registry.actions import add_member, register_organisation
from sameboat.registry.models import Role

SOURCE = "demonstration: entered by `sameboat demo`, no real organisation"


@dataclass(frozen=True, slots=True)
class Account:
    """Who signs in, in which demonstration organisation, with which roles, and what that lets them do."""

    username: str
    kind: str
    name_en: str
    name_zh: str
    roles: tuple[Role, ...]
    may: str


ACCOUNTS = (
    Account(
        "hospital",
        "hospital",
        "Demonstration hospital",
        "演示医院",
        (Role.ASK, Role.SIGN, Role.ADMIN),
        "publish a need, sign for what arrives",
    ),
    Account(
        "charity",
        "charity",
        "Demonstration charity",
        "演示慈善会",
        (Role.STORE, Role.MONEY, Role.ADMIN),
        "receive, allocate, hand over, pay out",
    ),
    Account(
        "donor",
        "company",
        "Demonstration company",
        "演示公司",
        (Role.GIVE, Role.ADMIN),
        "pledge a gift, follow it to a signature",
    ),
    Account("operator", "", "", "", (), "run this installation"),
)


def make(password: str) -> None:
    """Make the demo's organisations and accounts, through the same actions that an operator calls."""
    act = Act(now=timezone.now(), operator=True, scope="operator")
    for account in ACCOUNTS:
        user = User.objects.create_user(account.username, password=password, is_staff=not account.kind)
        if account.kind:
            organisation = register_organisation(
                act, kind=account.kind, name_en=account.name_en, name_zh=account.name_zh, source=SOURCE
            )
            for role in account.roles:
                add_member(act, organisation=organisation, user=user, role=role)
