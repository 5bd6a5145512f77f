"""A large log as a response to an epidemic writes it: needs, gifts, hand-overs, money; its books balance.

About 600 bytes an entry; one in twelve carries a signature by a device key. Made anew in seconds from a seed, so that
nothing of it is kept.
"""

import base64
import json
import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from sameboat.registry.engine import signature
from sameboat.transparency.engine import checkpoint, layout, merkle, signed_note, tiles

HOSPITALS, CHARITIES, COMPANIES = 2000, 40, 500
UNDER_WAY = 3000
"""Gifts and needs that are open at the same time."""

ITEMS = (("mask-n95", "piece"), ("gown", "piece"), ("口罩", "盒"), ("disinfectant", "litre"), ("goggles", "piece"))
NOTES = ("急需，谢谢大家", "to the back gate, ask for the night shift", "发热门诊每天用量约三百件", "fits all sizes")
START = datetime(2020, 1, 23, 2, 0, tzinfo=UTC)


def bodies(count: int, seed: int = 2020) -> Iterator[bytes]:
    """Yield `count` entries, each canonical JSON."""
    write = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=False, check_circular=False).encode
    chance = random.Random(seed)
    for number, (kind, actor, subjects, data) in enumerate(_events(count, chance)):
        said = START + timedelta(milliseconds=4321 * number)
        stamp = said.isoformat(timespec="milliseconds").replace("+00:00", "Z")
        content = {
            "actor": actor,
            "data": data,
            "event_time": stamp if number % 3 else stamp[:10],
            "recorded_at": stamp,
            "subjects": subjects,
            "type": kind,
            "v": 1,
        }
        yield write(content).encode()


def write_log(folder: Path, count: int, signer: signed_note.Signer) -> int:
    """Write a log of `count` entries to a folder, as `sameboat log export` does; return its bytes of entries."""
    hashes, part, written = [], [], 0
    for body in bodies(count):
        part.append(body)
        hashes.append(merkle.leaf_hash(body))
        if len(part) == layout.TILE_WIDTH or len(hashes) == count:
            data = tiles.encode_bundle(part)
            written += len(data)
            _put(folder / layout.entries_path((len(hashes) - 1) // layout.TILE_WIDTH, len(part)), data)
            part = []
    for path, data in head_of(hashes, signer):
        _put(folder / path, data)
    return written


def head_of(hashes: list[bytes], signer: signed_note.Signer) -> Iterator[tuple[str, bytes]]:
    """Yield path and bytes of every tile over leaf hashes, and of the signed checkpoint."""
    size, made = tiles.grow(0, hashes, _no_tiles)
    for (level, index), data in made.items():
        yield layout.path(level, index, len(data) // merkle.HASH_SIZE), data
    root = tiles.root(size, tiles.overlay(made, _no_tiles))
    text = checkpoint.encode(checkpoint.Checkpoint(signer.name, size, root))
    yield layout.CHECKPOINT_PATH, signed_note.sign(text, [signer]).encode()


def _no_tiles(level: int, index: int, width: int) -> bytes:
    raise AssertionError(f"nobody needs tile {level}/{index} of width {width}")


def _put(path: Path, data: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)


Said = tuple[str, str, list[str], dict[str, Any]]
"""Event type, actor, subjects, data."""


class _Device:
    """An organisation's device and its key."""

    def __init__(self, number: int, organisation: str) -> None:
        self.private = Ed25519PrivateKey.from_private_bytes(number.to_bytes(32))
        self.public = base64.b64encode(self.private.public_key().public_bytes_raw()).decode()
        self.organisation, self.id = organisation, _id("key", number)

    def sign(self, words: dict[str, str | int | None]) -> dict[str, Any]:
        text = signature.statement(words)
        value = base64.b64encode(self.private.sign(text.encode())).decode()
        return {"method": "device-key", "key": self.id, "public_key": self.public, "text": text, "value": value}


def _id(kind: str, number: int) -> str:
    return f"{kind}_{number:026d}"


def _events(count: int, chance: random.Random) -> Iterator[Said]:
    given = 0
    devices: dict[str, _Device] = {}
    for said in _register(devices):
        if given == count:
            return
        given += 1
        yield said
    under_way: list[Iterator[Said]] = []
    started = 0
    while given < count:
        while len(under_way) < UNDER_WAY:
            started += 1
            under_way.append(_goods(started, chance, devices) if started % 4 else _money(started, chance, devices))
        at = chance.randrange(UNDER_WAY)
        said = next(under_way[at], None)
        if said is None:
            under_way[at] = under_way[-1]
            under_way.pop()
            continue
        given += 1
        yield said


def _register(devices: dict[str, _Device]) -> Iterator[Said]:
    for number in range(HOSPITALS + CHARITIES + COMPANIES):
        ours = _id("org", number)
        kind = "hospital" if number < HOSPITALS else "charity" if number < HOSPITALS + CHARITIES else "company"
        data = {"organisation": ours, "name_zh": f"武汉市第{number}机构", "name_en": f"Wuhan {number}", "kind": kind}
        yield "organisation.registered", "operator", [ours], data
        if kind == "charity" or (kind == "hospital" and number % 3 == 0):
            device = devices[ours] = _Device(number, ours)
            key = {"key": device.id, "organisation": ours, "algorithm": "ed25519", "public_key": device.public}
            yield "key.registered", ours, [device.id, ours], key


def _signed(devices: dict[str, _Device], organisation: str, words: dict[str, str | int | None]) -> dict[str, Any]:
    device = devices.get(organisation)
    return {"method": "account"} if device is None else device.sign(words)


def _goods(number: int, chance: random.Random, devices: dict[str, _Device]) -> Iterator[Said]:
    hospital = _id("org", chance.randrange(HOSPITALS))
    charity = _id("org", HOSPITALS + chance.randrange(CHARITIES))
    company = _id("org", HOSPITALS + CHARITIES + chance.randrange(COMPANIES))
    need, lot, pledge = _id("need", number), _id("lot", number), _id("pledge", number)
    allocation, handover = _id("alloc", number), _id("hand", number)
    item, unit = chance.choice(ITEMS)
    quantity = chance.randrange(1, 20_000)
    goods = {"item": item, "unit": unit, "quantity": quantity}
    asked = {"goods": goods, "note": chance.choice(NOTES), "standard": "GB 19083-2010"}
    yield "need.published", hospital, [need, hospital], {"need": need, "organisation": hospital} | asked
    promised = {"pledge": pledge, "kind": "goods", "donor": company, "need": need, "goods": goods}
    yield "pledge.made", company, [pledge, company, need], promised
    came = {"lot": lot, "holder": charity, "goods": goods, "donor": company, "pledge": pledge, "need": need}
    yield "goods.received", charity, [lot, charity, company, pledge, need], came
    chosen = {"allocation": allocation, "lot": lot, "need": need, "holder": charity, "receiver": hospital}
    decided = chosen | {"goods": goods, "fair_share": quantity, "claims": 7, "reason": "the only request left"}
    yield "allocation.decided", charity, list(chosen.values()), decided
    ends = {"giver": charity, "receiver": hospital}
    more = {"lot": lot, "allocation": allocation, "need": need}
    gave: dict[str, Any] = {"handover": handover} | ends | {"goods": goods} | more
    subjects = [handover, charity, hospital, lot, allocation, need]
    if number % 5 == 0:
        gave["signed"] = _signed(devices, charity, {"act": "hand over"} | ends | more | goods)
        subjects += [gave["signed"]["key"]]
    yield "goods.handed_over", charity, subjects, gave
    missing = 1 if number % 50 == 0 and quantity > 1 else 0
    arrived = goods | {"quantity": quantity - missing}
    mark = _signed(devices, hospital, {"act": "receive", "handover": handover} | ends | arrived)
    took = {"handover": handover} | ends | {"goods": arrived, "missing": missing, "need": need, "signed": mark}
    key = [mark["key"]] if "key" in mark else []
    yield "goods.received_by", hospital, [handover, charity, hospital, need, *key], took
    yield "need.met", hospital, [need, hospital], {"need": need, "organisation": hospital}


def _money(number: int, chance: random.Random, devices: dict[str, _Device]) -> Iterator[Said]:
    hospital = _id("org", chance.randrange(HOSPITALS))
    charity = _id("org", HOSPITALS + chance.randrange(CHARITIES))
    fund, payment, need = _id("fund", chance.randrange(200)), _id("pay", number), _id("need", number - 1)
    gifts = [_id("gift", number * 4 + part) for part in range(3)]
    shares = []
    for part, gift in enumerate(gifts):
        money = {"currency": "CNY", "units": chance.randrange(100, 5_000_000)}
        shares.append({"gift": gift, "units": money["units"]})
        came = {"gift": gift, "fund": fund, "charity": charity, "money": money, "receipt": f"R-2020-{number}-{part}"}
        source = {"table": "donations", "line": number}
        yield "donation.received", charity, [gift, fund, charity], came | {"period": "2020-02", "source": source}
    total = {"currency": "CNY", "units": sum(share["units"] for share in shares)}
    ids = {"payment": payment, "fund": fund, "charity": charity, "recipient": hospital}
    words = {"act": "pay", "fund": fund, "charity": charity, "recipient": hospital, "purpose": "口罩与防护服"}
    mark = _signed(devices, charity, words | total) if number % 12 == 0 else {"method": "account"}
    paid = ids | {"money": total, "shares": shares, "purpose": "口罩与防护服", "need": need, "signed": mark}
    key = [mark["key"]] if "key" in mark else []
    yield "money.disbursed", charity, [*ids.values(), *gifts, need, *key], paid
    ends = {"payment": payment, "charity": charity, "recipient": hospital}
    mark = _signed(devices, hospital, {"act": "receive money"} | ends | total)
    key = [mark["key"]] if "key" in mark else []
    yield "money.received_by", hospital, [*ends.values(), *key], ends | {"money": total, "signed": mark}
