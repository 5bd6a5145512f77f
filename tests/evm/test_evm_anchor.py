"""A checkpoint's hash in a block of a real chain: who looks finds when, and whoever changes anything is found out."""

import hashlib
import json
import secrets
import sys
from datetime import UTC, datetime, timedelta

import pytest

from sameboat.project.tests.conftest import call
from sameboat.transparency.actions import publish
from sameboat.transparency.anchors import AnchorError, evm
from sameboat.transparency.anchors.evm import Evm
from sameboat.transparency.errors import BadInput
from sameboat.transparency.keys import log_vkey

DATA = b"sameboat.invalid/log\n7\nAAAA\n"
DIGEST = hashlib.sha256(DATA).hexdigest()


@pytest.fixture
def receipt(chain, purse):
    """The receipt of an anchor on the chain."""
    return Evm().stamp(DATA, chain.address)


def test_a_block_says_when(chain, receipt):
    """The chain holds the hash and nothing else, and the time is its block's."""
    told = json.loads(receipt)
    shown = Evm().check(receipt, DATA, chain.address)
    block = chain.ask("eth_getBlockByNumber", hex(told["block"]["number"]), False)
    assert chain.ask("eth_getTransactionByHash", told["transaction"])["input"] == f"0x{DIGEST}"
    assert (shown.proven, shown.since) == (True, datetime.fromtimestamp(int(block["timestamp"], 16), UTC))
    assert abs(shown.since - datetime.now(UTC)) < timedelta(minutes=5)
    assert (told["block"]["hash"], told["chain_id"]) == (block["hash"], 31_337)


def test_a_node_is_sent_the_hash_alone(between, purse):
    """Not a byte of what is anchored leaves the house, nor of the key."""
    Evm().stamp(DATA, between.address)
    sent = b"".join(body for _path, body in between.received)
    assert DIGEST.encode() in sent
    assert not any(DATA[at : at + 8] in sent or DATA[at : at + 8].hex().encode() in sent for at in range(len(DATA) - 8))
    assert purse.read_text().strip()[2:].encode() not in sent


def test_how_many_blocks_are_on_top_is_told(chain, receipt):
    """A young block may still be reorganised; an old one is not spoken of so."""
    assert "may still be reorganised" in Evm().check(receipt, DATA, chain.address).words[-1]
    chain.ask("anvil_mine", hex(70))
    (words,) = Evm().check(receipt, DATA, chain.address).words
    assert "70 blocks on top" in words


def test_without_a_node_nothing_is_proved(receipt):
    """The transaction and its block are told, to look up."""
    shown = Evm().check(receipt, DATA, "")
    assert (shown.proven, shown.since) == (False, None)
    assert json.loads(receipt)["transaction"] in shown.words[0]


def test_a_transaction_of_other_data_is_refused(chain, receipt):
    """A receipt shows nothing of another checkpoint."""
    with pytest.raises(AnchorError, match="not this checkpoint"):
        Evm().check(receipt, DATA + b"x", chain.address)


def test_a_transaction_that_waits_is_found_later(chain, purse, monkeypatch):
    """Until a block holds it the receipt proves nothing; once one does, it does."""
    monkeypatch.setattr(evm, "SECONDS_TO_MINE", 0)
    chain.ask("evm_setAutomine", False)
    receipt = Evm().stamp(DATA, chain.address)
    assert "in no block yet" in Evm().check(receipt, DATA, "").words[0]
    with pytest.raises(AnchorError, match="never mined"):
        Evm().check(receipt, DATA, chain.address)
    chain.ask("evm_mine")
    assert Evm().check(receipt, DATA, chain.address).proven


def test_a_transaction_that_was_reorganised_away_is_told(chain, purse):
    """The chain goes back to before it: nothing is proved any more, and the words say why."""
    before = chain.ask("evm_snapshot")
    receipt = Evm().stamp(DATA, chain.address)
    chain.ask("evm_revert", before)
    chain.ask("anvil_mine", hex(3))
    with pytest.raises(AnchorError, match="reorganised since"):
        Evm().check(receipt, DATA, chain.address)
    chain.ask("eth_sendRawTransaction", json.loads(receipt)["raw"])
    with pytest.raises(AnchorError, match=r"the receipt says block.*the chain holds the transaction in"):
        Evm().check(receipt, DATA, chain.address)


def block_with(**changes):
    return lambda told: told | {"block": told["block"] | changes}


def other_transaction(told):
    raw = bytearray.fromhex(told["raw"][2:])
    raw[-1] ^= 1
    return told | {"raw": f"0x{raw.hex()}"}


def rehashed(told):
    from eth_utils import keccak

    changed = other_transaction(told)
    return changed | {"transaction": f"0x{keccak(bytes.fromhex(changed['raw'][2:])).hex()}"}


CHANGES = {
    "another format": lambda told: told | {"format": "x"},
    "another chain": lambda told: told | {"chain_id": 1},
    "another sender": lambda told: told | {"from": "0x" + "1" * 40},
    "another hash": lambda told: told | {"transaction": "0x" + "1" * 64},
    "another transaction": other_transaction,
    "another transaction under its hash": rehashed,
    "no transaction": lambda told: told | {"raw": "0x"},
    "another block": block_with(number=0),
    "another block's hash": block_with(hash="0x" + "1" * 64),
    "an earlier time": block_with(time=1),
    "a time beyond all times": block_with(time=2**62),
    "a block that is none": lambda told: told | {"block": 7},
    "nothing": lambda told: {},
    "a list": lambda told: [],
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_a_changed_receipt_is_refused(change, chain, receipt):
    """Whatever of it was changed."""
    with pytest.raises(AnchorError):
        Evm().check(json.dumps(change(json.loads(receipt))).encode(), DATA, chain.address)


@pytest.mark.parametrize("text", [b"", b"{", b"\xff", b"[" * 100_000], ids=["empty", "cut", "binary", "deep"])
def test_what_is_no_receipt_is_refused(text, started):
    """Told as such, without asking a node."""
    with pytest.raises(AnchorError, match="cannot be read"):
        Evm().check(text, DATA, "")


def test_a_node_that_is_down_is_named(chain, receipt):
    """Both to who anchors and to who checks."""
    with pytest.raises(BadInput, match=r"127\.0\.0\.1:9 did not answer"):
        Evm().check(receipt, DATA, "http://127.0.0.1:9")
    with pytest.raises(BadInput, match=r"127\.0\.0\.1:9 did not answer"):
        Evm().stamp(DATA, "http://127.0.0.1:9")


def test_a_node_of_another_chain_is_not_believed(other_chain, chain, receipt):
    """Nothing is signed for a chain that the setting does not name, nor checked on another than the receipt's."""
    before = other_chain.ask("eth_blockNumber")
    with pytest.raises(BadInput, match="node of the chain 5"):
        Evm().check(receipt, DATA, other_chain.address)
    with pytest.raises(BadInput, match="node of the chain 5"):
        Evm().stamp(DATA, other_chain.address)
    assert other_chain.ask("eth_blockNumber") == before


def test_too_little_money_is_told(chain, purse):
    """With the account, what it holds and what an anchor may cost; nothing is sent."""
    purse.write_text(secrets.token_hex(32))
    with pytest.raises(BadInput, match=r"holds 0 wei on the chain 31337, and an anchor may cost [\d,]+"):
        Evm().stamp(DATA, chain.address)


STAMPING_LIES = {
    "another transaction's hash": ("eth_sendRawTransaction", lambda _: "0x" + "1" * 64, "another transaction"),
    "a price beyond reason": ("eth_maxPriorityFeePerGas", lambda _: hex(10**18), "SAMEBOAT_EVM_MOST_FEE"),
    "gas beyond reason": ("eth_estimateGas", lambda _: hex(10**9), "200,000 gas"),
    "no base fee": ("eth_getBlockByNumber", lambda told: {"number": told["number"]}, "no base fee"),
    "a number that is none": ("eth_getTransactionCount", lambda _: "many", "no quantity"),
    "no block": ("eth_getBlockByNumber", lambda _: None, "may lag"),
    "no JSON": ("eth_chainId", lambda _: b"<html>", "not JSON"),
    "no result": ("eth_chainId", lambda _: b"{}", "no result"),
    "a refusal": (
        "eth_estimateGas",
        lambda _: b'{"error": {"message": "no\\n such thing"}}',
        "refuses eth_estimateGas",
    ),
}


@pytest.mark.parametrize(("method", "lie", "words"), STAMPING_LIES.values(), ids=STAMPING_LIES)
def test_no_receipt_is_made_through_a_node_that_lies(method, lie, words, between, purse):
    """Found out at once, and told."""
    between.lies = {method: lie}
    with pytest.raises((AnchorError, BadInput), match=words):
        Evm().stamp(DATA, between.address)


CHECKING_LIES = {
    "of another transaction": (
        "eth_getTransactionReceipt",
        lambda told: told | {"transactionHash": "0x" + "1" * 64},
        "another transaction",
    ),
    "in a block that lacks it": ("eth_getBlockByNumber", lambda told: told | {"transactions": []}, "does not"),
    "in a block of another hash": ("eth_getBlockByNumber", lambda told: told | {"hash": "0x" + "1" * 64}, "does not"),
    "at another time": ("eth_getBlockByNumber", lambda told: told | {"timestamp": "0x1"}, "receipt says block"),
    "at no time": ("eth_getBlockByNumber", lambda told: told | {"timestamp": "soon"}, "not answer as a node"),
    "in no block": ("eth_getBlockByNumber", lambda _: None, "may lag"),
    "as nothing": ("eth_getTransactionReceipt", lambda _: "0x", "not answer as a node"),
    "not at all": ("eth_getTransactionReceipt", lambda _: None, "never mined"),
}


@pytest.mark.parametrize(("method", "lie", "words"), CHECKING_LIES.values(), ids=CHECKING_LIES)
def test_a_node_that_shows_the_transaction_wrongly_proves_nothing(method, lie, words, between, receipt):
    """What it says must agree with itself and with the receipt."""
    between.lies = {method: lie}
    with pytest.raises(AnchorError, match=words):
        Evm().check(receipt, DATA, between.address)


@pytest.mark.parametrize("text", ["", "not a key", "0" * 64, "f" * 64, "ab" * 31, "ab" * 33], ids=lambda text: text[:9])
def test_a_file_that_holds_no_key_is_refused(text, chain, purse):
    """And nothing of what it holds is told: it may be a key with a slip."""
    purse.write_text(text)
    with pytest.raises(BadInput, match="no private key") as told:
        Evm().stamp(DATA, chain.address)
    assert not text or text not in str(told.value)


def test_a_key_that_others_can_read_is_refused(chain, purse):
    """Whoever has it has its money."""
    purse.chmod(0o640)
    with pytest.raises(BadInput, match=r"mode 640.*chmod 600"):
        Evm().stamp(DATA, chain.address)


@pytest.mark.parametrize(
    ("setting", "value", "words"),
    [
        ("SAMEBOAT_EVM_KEY", "", "name in SAMEBOAT_EVM_KEY"),
        ("SAMEBOAT_EVM_KEY", "/nowhere", "No such file"),
        ("SAMEBOAT_EVM_CHAIN", "", "name in SAMEBOAT_EVM_CHAIN"),
        ("SAMEBOAT_EVM_CHAIN", "mainnet", "name in SAMEBOAT_EVM_CHAIN"),
        ("SAMEBOAT_EVM_MOST_FEE", "1 ether", "not a whole number of wei"),
        ("SAMEBOAT_EVM_MOST_FEE", "7", "7 wei are paid"),
    ],
)
def test_a_setting_that_cannot_be_used_is_named(setting, value, words, chain, purse, monkeypatch):
    """What to write there too."""
    monkeypatch.setenv(setting, value)
    with pytest.raises(BadInput, match=words):
        Evm().stamp(DATA, chain.address)


def test_its_packages_leave_deep_json_harmless(between, receipt):
    """They would raise Python's limit of recursion until a node's answer could overflow the stack."""
    between.lies = {"eth_chainId": lambda _: b"[" * 200_000}
    with pytest.raises(AnchorError, match="not JSON"):
        Evm().check(receipt, DATA, between.address)


def test_without_its_package_the_extra_is_named(monkeypatch):
    """Who has not installed the extra is told how."""
    monkeypatch.setitem(sys.modules, "eth_account", None)
    for use in (lambda: Evm().stamp(DATA, "http://127.0.0.1:9"), lambda: Evm().check(b"{}", DATA, "")):
        with pytest.raises(BadInput, match=r"sameboat\[evm\]"):
            use()


def test_the_commands_anchor_the_latest_checkpoint_and_check_it(cast, chain, purse, tmp_path):
    """Checkpoint and receipt stand side by side; the check names block and time; nothing is sent twice."""
    publish()
    command = ("log", "anchor", "evm", tmp_path / "anchors", "--to", chain.address, "--json")
    first, again = call(*command).json, call(*command).json
    assert (first["new"], again["new"]) == (True, False)
    trust = ("--trust", chain.address, "--vkey", log_vkey())
    told = call("log", "check-anchor", first["receipt"], *trust, "--json").json
    assert (told["kind"], told["size"], told["proven"], told["signature_checked"]) == ("evm", 3, True, True)
    assert "existed by" in call("log", "check-anchor", first["receipt"], *trust).output
    assert purse.read_text().strip()[2:] not in (tmp_path / "anchors" / "000000000003.checkpoint.evm").read_text()
