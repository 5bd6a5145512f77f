"""A city's hospitals for a benchmark: registered in a home of their own, with a member who may ask for all of them."""

import json
from dataclasses import dataclass
from pathlib import Path

from benchmarks.home import run_python

HOSPITALS, ITEMS = 25, 20
REGISTER = """
import json, sys
from django.contrib.auth.models import User
from django.core.management import call_command
from django.utils import timezone
from sameboat.registry.acting import Act, act_of
from sameboat.registry.actions import add_member, make_token, register_organisation
from sameboat.registry.models import Item, Unit

call_command("migrate", verbosity=0)
operator = Act(now=timezone.now(), operator=True)
member = User.objects.create(username="member")
piece = Unit.objects.create(code="piece", name_en="piece", kind="count")
for number in range(int(sys.argv[2])):
    Item.objects.create(code=f"item-{number}", category="mask", name_en=f"Item {number}", base_unit=piece)
hospitals = []
for number in range(int(sys.argv[1])):
    hospital = register_organisation(operator, kind="hospital", name_zh=f"第{number + 1}医院")
    add_member(operator, organisation=hospital, user=member, role="ask")
    hospitals.append(hospital.public_id)
print(json.dumps([hospitals, make_token(act_of(member))]))
"""


@dataclass(frozen=True, slots=True)
class City:
    """The hospitals' ids, and the token of the member who asks for them."""

    hospitals: list[str]
    token: str

    def need(self, number: int) -> dict[str, object]:
        """Return a need that no other number has."""
        return {
            "organisation": self.hospitals[number % HOSPITALS],
            "item": f"item-{number // HOSPITALS % ITEMS}",
            "quantity": 500,
            "standard": f"GB {number // (HOSPITALS * ITEMS)}",
            "note": "急诊科今晚用完，请送到东门 (the east gate)",
        }


def register(home: Path) -> City:
    """Register the city in an empty home."""
    hospitals, token = json.loads(run_python(REGISTER, home, str(HOSPITALS), str(ITEMS)))
    return City(hospitals, token)
