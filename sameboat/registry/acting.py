"""Who acts, when, and how an action runs: permission, one transaction, and once for one idempotency key."""

import functools
import hmac
import inspect
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Concatenate, ParamSpec, TypeVar, cast

from django.apps import apps
from django.conf import settings
from django.contrib.auth.base_user import AbstractBaseUser
from django.contrib.auth.models import AnonymousUser
from django.db import IntegrityError, OperationalError, connection, models, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from sameboat.registry.engine import public_id
from sameboat.registry.models import Membership, Organisation, Request
from sameboat.registry.models import Role as Role
from sameboat.registry.refusals import Conflict, NotPermitted, Refused
from sameboat.transparency import promises
from sameboat.transparency.errors import LogError

KEY_FIELD = "idempotency_key"
"""The field that a Conflict names when a key comes back with another request."""

OPERATOR = "operator"
"""The actor on the log for what the operator of the installation does."""

NEVER_FINGERPRINTED = frozenset({"password"})
"""Arguments that are left out of a request's fingerprint: a fast hash of them, keyed or not, has no place on a disk."""

FORGOTTEN = ""
"""The fingerprint of a request whose input was erased."""

P = ParamSpec("P")
M = TypeVar("M", bound=models.Model)


def fresh_id(kind: str, at: datetime) -> str:
    """Return a new random id of `kind`, ordered by `at`."""
    return public_id.new(kind, int(at.timestamp() * 1000))


@dataclass(frozen=True)
class Act:
    """One person's doing at one moment.

    `roles` maps an organisation's public id to the roles the person has there; `operator` is who runs this
    installation. `now` is the clock's reading, `key` the idempotency key, `scope` whose keys they are. `accepted`
    receives the leaf hashes of the entries that the act put on the log, once they are safe, and `done` the names of the
    actions that were carried out and committed.
    """

    now: datetime
    roles: Mapping[str, frozenset[str]] = field(default_factory=dict)
    operator: bool = False
    user_id: int | None = None
    key: str = ""
    scope: str = "anonymous"
    make_id: Callable[[str, datetime], str] = fresh_id
    accepted: list[bytes] = field(default_factory=list, init=False, compare=False, repr=False)
    done: list[str] = field(default_factory=list, init=False, compare=False, repr=False)

    def new_id(self, kind: str) -> str:
        """Return a fresh public id of `kind`."""
        return self.make_id(kind, self.now)

    def may(self, organisation: Organisation, role: Role) -> bool:
        """Return whether the person has `role` in `organisation`."""
        return role in self.roles.get(organisation.public_id, frozenset())

    def where(self, *roles: str) -> list[str]:
        """Return the ids of the organisations in which the person has at least one of `roles`."""
        return [organisation for organisation, held in self.roles.items() if held & set(roles)]

    def require(self, organisation: Organisation, role: Role) -> None:
        """Raise NotPermitted unless the person has `role` in `organisation`."""
        if not self.may(organisation, role):
            raise NotPermitted(
                _("Only a member of %(organisation)s who may “%(role)s” can do this. Ask its administrator.")
                % {"organisation": organisation.name, "role": role.label}
            )

    def require_operator(self) -> None:
        """Raise NotPermitted unless the person runs this installation."""
        if not self.operator:
            raise NotPermitted(_("Only the operator of this installation can do this."))


def speaker(act: Act, organisation: Organisation, role: Role, *, from_elsewhere: bool) -> str:
    """Return who speaks on the log: the organisation, whose member must have `role`.

    A fact published elsewhere is entered by the operator, who then speaks: nobody puts words in another's mouth.
    """
    if from_elsewhere:
        act.require_operator()
        return OPERATOR
    act.require(organisation, role)
    return organisation.public_id


def act_of(user: AbstractBaseUser | AnonymousUser, key: str = "", address: str = "") -> Act:
    """Return the Act of a signed-in user, or of an anonymous visitor at a network address."""
    if not user.is_authenticated:
        scope = "anonymous:" + _keyed("network address", address)[:32]
        return Act(now=timezone.now(), key=key, scope=scope)
    roles: dict[str, set[str]] = {}
    for organisation, role in Membership.objects.filter(user_id=user.pk).values_list("organisation__public_id", "role"):
        roles.setdefault(organisation, set()).add(role)
    return Act(
        now=timezone.now(),
        roles={organisation: frozenset(held) for organisation, held in roles.items()},
        operator=bool(getattr(user, "is_staff", False)),
        user_id=user.pk,
        key=key,
        scope=f"user:{user.pk}",
    )


_actions: dict[str, Callable[..., models.Model]] = {}

ATTEMPTS = 3
"""How often an action is tried when the database chose it to break a deadlock."""


def actions() -> Mapping[str, Callable[..., models.Model]]:
    """Return every action whose module is loaded, by `room.name`."""
    return dict(_actions)


def action(function: Callable[Concatenate[Act, P], M]) -> Callable[Concatenate[Act, P], M]:
    """Run an action in one transaction, and once only for each idempotency key of its Act.

    The same key with the same input returns what the first request made; with another input it raises Conflict.
    """
    name = f"{function.__module__.split('.')[1]}.{function.__name__}"

    @functools.wraps(function)
    def run(act: Act, /, *args: P.args, **kwargs: P.kwargs) -> M:
        for attempt in range(1, ATTEMPTS + 1):
            try:
                return once(act, *args, **kwargs)
            except (IntegrityError, Refused, LogError):
                # The same request ran beside this one and won: answer with what it made.
                if act.key and Request.objects.filter(scope=act.scope, key=act.key).exists():
                    return once(act, *args, **kwargs)
                raise
            except OperationalError as error:
                if attempt == ATTEMPTS or connection.in_atomic_block or not _lost_deadlock(error):
                    raise
        raise AssertionError("unreachable")

    def once(act: Act, /, *args: P.args, **kwargs: P.kwargs) -> M:
        with promises.taking() as taken, transaction.atomic():
            if not act.key:
                result = function(act, *args, **kwargs)
            else:
                fingerprint = _fingerprint(args, kwargs)
                done = Request.objects.filter(scope=act.scope, key=act.key).first()
                if done is None:
                    result = function(act, *args, **kwargs)
                    Request.objects.create(
                        scope=act.scope,
                        key=act.key[:128],
                        action=name,
                        fingerprint=fingerprint,
                        model=result._meta.label,
                        object_id=result.pk,
                        entries=[leaf_hash.hex() for leaf_hash in taken],
                        made_at=timezone.now(),
                    )
                elif done.action != name or done.fingerprint not in (fingerprint, FORGOTTEN):
                    raise Conflict(_("This idempotency key was used for another request. Use a new key."), KEY_FIELD)
                else:
                    taken.extend(bytes.fromhex(leaf_hash) for leaf_hash in done.entries)
                    result = cast("M", apps.get_model(done.model)._default_manager.get(pk=done.object_id))
        act.accepted.extend(taken)
        act.done.append(name)
        return result

    _actions[name] = run
    return run


def _lost_deadlock(error: OperationalError) -> bool:
    """Return whether PostgreSQL rolled the transaction back to break a deadlock (SQLSTATE 40P01)."""
    return getattr(error.__cause__, "sqlstate", None) == "40P01"


def as_part(of: Callable[Concatenate[Act, P], M]) -> Callable[Concatenate[Act, P], M]:
    """Return what an action does, to be done within another action: in its transaction, under its idempotency key."""
    return cast("Callable[Concatenate[Act, P], M]", inspect.unwrap(of))


def _fingerprint(args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> str:
    def plain(value: object) -> object:
        return [type(value).__name__, value.pk] if isinstance(value, models.Model) else str(value)

    told = {name: value for name, value in kwargs.items() if name not in NEVER_FINGERPRINTED}
    return _keyed("request", json.dumps([args, told], default=plain, sort_keys=True))


def _keyed(purpose: str, text: str) -> str:
    """Return a fingerprint that cannot be found by guessing at the text: its key is this installation's secret."""
    return hmac.digest(settings.SECRET_KEY.encode(), f"{purpose}\n{text}".encode(), "sha256").hex()


def forget_input(made: models.Model) -> None:
    """Forget what the requests that made this said; sent again under their key, they still answer with it."""
    Request.objects.filter(model=made._meta.label, object_id=made.pk).update(fingerprint=FORGOTTEN)
