"""Every change of the nouns: organisations, members, keys, emergencies, the catalogue."""

import hashlib
import secrets
from collections.abc import Callable
from datetime import date

from django.contrib.auth.models import User
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from sameboat.registry import events
from sameboat.registry.acting import OPERATOR, Act, action
from sameboat.registry.engine import signature
from sameboat.registry.models import (
    AccessToken,
    Emergency,
    Membership,
    Organisation,
    OrganisationAlias,
    Place,
    Role,
    SigningKey,
)
from sameboat.registry.quantities import checked_text
from sameboat.registry.refusals import Conflict, Fault, InvalidInput, NotPermitted
from sameboat.transparency.actions import append


@action
def declare_emergency(
    act: Act, *, name_en: str, name_zh: str, hazard: str, place: Place, declared_from: date
) -> Emergency:
    """Declare an emergency; operators only."""
    act.require_operator()
    name_en, name_zh = checked_text(name_en, "name_en", 200), checked_text(name_zh, "name_zh", 200)
    hazard = checked_text(hazard, "hazard", 80)
    if not hazard or not (name_en or name_zh):
        raise InvalidInput([Fault("name_en" if hazard else "hazard", _("Name the emergency and its hazard."))])
    emergency = Emergency.objects.create(
        public_id=act.new_id("emergency"),
        name_en=name_en,
        name_zh=name_zh,
        hazard=hazard,
        place=place,
        declared_from=declared_from,
    )
    append(
        events.EmergencyDeclared(
            emergency=emergency.public_id,
            name_en=name_en,
            name_zh=name_zh,
            hazard=hazard,
            place=place.code,
            declared_from=declared_from.isoformat(),
        ),
        actor=OPERATOR,
        event_time=declared_from,
        recorded_at=act.now,
    )
    return emergency


@action
def register_organisation(
    act: Act,
    *,
    kind: str,
    name_zh: str = "",
    name_en: str = "",
    place: Place | None = None,
    part_of: Organisation | None = None,
    source: str = "",
) -> Organisation:
    """Enter an organisation in the register; operators only. Its names find it again as aliases."""
    act.require_operator()
    name_en, name_zh = checked_text(name_en, "name_en", 200), checked_text(name_zh, "name_zh", 200)
    source = checked_text(source, "source", 300)
    names = [name for name in (name_zh, name_en) if name]
    if not names:
        raise InvalidInput([Fault("name_en", _("Give the organisation's name, in English or in Chinese."))])
    if kind not in Organisation.Kind.values:
        raise InvalidInput(
            [Fault("kind", _("“%(kind)s” is not a kind of organisation.") % {"kind": kind[:20]})],
        )
    taken = OrganisationAlias.objects.filter(text__in=names).select_related("organisation").first()
    if taken is not None:
        raise Conflict(
            _("“%(name)s” is registered already, as %(id)s.")
            % {"name": taken.text, "id": taken.organisation.public_id},
            "name_en",
        )
    organisation = Organisation.objects.create(
        public_id=act.new_id("org"),
        name_zh=name_zh,
        name_en=name_en,
        kind=kind,
        place=place,
        part_of=part_of,
        registered_at=act.now,
        source=source,
    )
    for name in dict.fromkeys(names):
        OrganisationAlias.objects.create(text=name, organisation=organisation, rule="registered name")
    append(
        events.OrganisationRegistered(
            organisation=organisation.public_id,
            name_zh=organisation.name_zh,
            name_en=organisation.name_en,
            kind=kind,
            place=place.code if place else None,
            part_of=part_of.public_id if part_of else None,
            source=source or None,
        ),
        actor=OPERATOR,
        event_time=act.now,
        recorded_at=act.now,
    )
    return organisation


@action
def open_account(act: Act, *, username: str, password: str, operator: bool = False) -> User:
    """Open an account for a person, who then gets roles by `add_member`; operators only.

    Raises InvalidInput for a name or password that will not do, Conflict for a name that is taken.
    """
    act.require_operator()
    person = User(username=username)
    faults = []
    checks: list[tuple[str, Callable[[], None]]] = [
        ("username", lambda: person.clean_fields(exclude=["password"])),
        ("password", lambda: validate_password(password, person)),
    ]
    for field, check in checks:
        try:
            check()
        except ValidationError as error:
            faults += [Fault(field, message) for message in error.messages]
    if faults:
        raise InvalidInput(faults)
    if User.objects.filter(username=username).exists():
        raise Conflict(_("“%(name)s” has an account already.") % {"name": username}, "username")
    return User.objects.create_user(username, password=password, is_staff=operator)


def require_manager(act: Act, organisation: Organisation) -> None:
    """Raise NotPermitted unless the person may say who is a member of an organisation."""
    if not act.operator:
        act.require(organisation, Role.ADMIN)


@action
def add_member(act: Act, *, organisation: Organisation, user: User, role: str) -> Membership:
    """Give a user a role in an organisation; its administrators and the operator may."""
    require_manager(act, organisation)
    if role not in Role.values:
        raise InvalidInput([Fault("role", _("“%(role)s” is not a role.") % {"role": role[:20]})])
    membership, _created = Membership.objects.get_or_create(user=user, organisation=organisation, role=role)
    return membership


@action
def register_key(act: Act, *, organisation: Organisation, public_key: str) -> SigningKey:
    """Register a member's device key for an organisation in which the member may sign or hand over."""
    if not act.may(organisation, Role.STORE) and not act.may(organisation, Role.MONEY):
        act.require(organisation, Role.SIGN)
    try:
        signature.parse_public_key(public_key)
    except signature.SignatureError as error:
        raise InvalidInput([Fault("public_key", str(error))]) from None
    known = SigningKey.objects.filter(public_key=public_key).first()
    if known is not None:
        if (known.organisation_id, known.user_id) != (organisation.pk, act.user_id) or known.revoked_at:
            raise Conflict(_("This key is registered for somebody else or was revoked. Make a new one."), "public_key")
        return known
    key = SigningKey.objects.create(
        public_id=act.new_id("key"),
        organisation=organisation,
        user_id=act.user_id,
        public_key=public_key,
        registered_at=act.now,
    )
    append(
        events.KeyRegistered(key=key.public_id, organisation=organisation.public_id, public_key=public_key),
        actor=organisation.public_id,
        event_time=act.now,
        recorded_at=act.now,
    )
    return key


@action
def revoke_key(act: Act, *, key: SigningKey, reason: str) -> SigningKey:
    """Revoke a device key: its owner or an administrator may. What it signed before stays signed."""
    if key.user_id is None or key.user_id != act.user_id:
        act.require(key.organisation, Role.ADMIN)
    reason = checked_text(reason, "reason", 200)
    if SigningKey.objects.filter(pk=key.pk, revoked_at=None).update(revoked_at=act.now):
        append(
            events.KeyRevoked(
                key=key.public_id, organisation=key.organisation.public_id, reason=reason or "not stated"
            ),
            actor=key.organisation.public_id,
            event_time=act.now,
            recorded_at=act.now,
        )
    key.refresh_from_db()
    return key


def make_token(act: Act) -> str:
    """Return a new API token of the person who acts; only its hash is kept."""
    if act.user_id is None:
        raise NotPermitted(_("Sign in first: a token acts for a person."))
    token = "sb_" + secrets.token_urlsafe(32)
    AccessToken.objects.create(user_id=act.user_id, token_hash=hash_token(token), created_at=act.now)
    return token


def revoke_tokens(act: Act) -> int:
    """Revoke every API token of the person who acts; return how many there were."""
    if act.user_id is None:
        raise NotPermitted(_("Sign in first: a token acts for a person."))
    revoked, _rows = AccessToken.objects.filter(user_id=act.user_id).delete()
    return revoked


def hash_token(token: str) -> str:
    """Return the hash under which a token is kept; tokens are random, so one SHA-256 is enough."""
    return hashlib.sha256(token.encode()).hexdigest()
