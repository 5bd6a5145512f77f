import json
from dataclasses import dataclass

import pytest
from django.contrib.auth.models import User
from typer.testing import CliRunner

from sameboat.project.cli import commands
from sameboat.registry.models import Membership


@dataclass
class Ended:
    """How a command ended."""

    code: int
    output: str
    errors: str

    @property
    def json(self):
        return json.loads(self.output)


def call(*arguments):
    """Run a command in this process."""
    done = CliRunner().invoke(commands(), [str(argument) for argument in arguments], prog_name="sameboat")
    if done.exception is not None and not isinstance(done.exception, SystemExit):
        raise done.exception
    return Ended(done.exit_code, done.stdout, done.stderr)


@pytest.fixture
def members(cast):
    """The cast, each organisation with a user who may do what its member may."""
    for username, organisation, roles in (
        ("hospital", cast.hospital, ("ask", "sign")),
        ("charity", cast.charity, ("store", "money")),
        ("donor", cast.company, ("give",)),
    ):
        user = User.objects.create_user(username)
        for role in roles:
            Membership.objects.create(user=user, organisation=organisation, role=role)
    return cast
