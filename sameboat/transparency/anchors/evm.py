"""An EVM chain: a transaction to oneself carries the hash, and the block that holds it has a time."""

import hashlib
import json
import os
import re
import stat
import sys
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sameboat.transparency.anchors import Anchored, AnchorError
from sameboat.transparency.anchors.json_rpc import Node
from sameboat.transparency.errors import BadInput

if TYPE_CHECKING:
    from eth_account.signers.local import LocalAccount

FORMAT = "sameboat-evm-anchor/v1"

KEY_SETTING = "SAMEBOAT_EVM_KEY"
CHAIN_SETTING = "SAMEBOAT_EVM_CHAIN"
FEE_SETTING = "SAMEBOAT_EVM_MOST_FEE"

LARGEST_RECEIPT = 10_000
"""Bytes; one has about 900."""

MOST_FEE = 10**16
"""Wei that one anchor may cost at most unless the setting says otherwise: a node that names a high price gets none."""

MOST_GAS = 200_000
"""An anchor needs 22,280 on Ethereum (EIP-7623); some chains on top of it charge more for data."""

SECONDS_TO_MINE = 180
"""How long stamping waits for a block; the receipt holds without one too, as the chain is asked again when checked."""

_PAUSE = 0.5

SETTLED = 64
"""Blocks on top after which Ethereum has usually made one final (two epochs)."""


class Evm:
    """Transactions with 32 bytes of data; `trust` is the address of any node of that chain that the reader believes.

    The operator's setting SAMEBOAT_EVM_KEY names the file of the private key that pays, SAMEBOAT_EVM_CHAIN the one
    chain for which it signs.
    """

    suffix = "evm"

    def stamp(self, data: bytes, to: str) -> bytes:
        """Send the hash through the node at `to` and return the receipt once a block holds it."""
        _needed()
        chain, account, node = _chain(), _account(), Node(to)
        _same_chain(node, chain)
        raw, transaction = _sign(node, chain, account, hashlib.sha256(data).digest())
        told = node.ask("eth_sendRawTransaction", f"0x{raw.hex()}")
        if told != transaction:
            raise AnchorError(
                f"{to} answers with the hash of another transaction than was sent; ask another node whether "
                f"{transaction} is known before you anchor again"
            )
        return _Receipt(chain, transaction, raw, account.address, _wait(node, transaction)).encode()

    def check(self, receipt: bytes, data: bytes, trust: str) -> Anchored:
        """Return the time of the block in which the chain holds the transaction, as the node at `trust` tells it."""
        _needed()
        held = _Receipt.parse(receipt)
        if held.carried() != hashlib.sha256(data).digest():
            raise AnchorError("the transaction carries another hash, which is not this checkpoint's")
        if not trust:
            where = "in no block yet" if held.block is None else f"said to be in the block {held.block.words()}"
            words = [
                f"the transaction {held.transaction} of the chain {held.chain}, {where}: name with --trust the "
                "address of a node that you believe, or look it up"
            ]
            return Anchored(None, proven=False, words=words)
        node = Node(trust)
        _same_chain(node, held.chain)
        found = _block_of(node, held.transaction)
        if found is None:
            raise AnchorError(
                f"no block of this chain holds the transaction {held.transaction}: it was never mined, the chain was "
                "reorganised since, or the node lags. Ask another node; if it is the same there, anchor again."
            )
        if held.block is not None and held.block != found:
            raise AnchorError(
                f"the receipt says block {held.block.words()}; the chain holds the transaction in {found.words()}. The "
                "chain was reorganised since, or the receipt was changed: anchor again."
            )
        on_top = node.number("eth_blockNumber") - found.number
        words = [f"in block {found.words()} of the chain {held.chain}, {on_top:,} blocks on top of it"]
        if on_top < SETTLED:
            words.append(f"fewer than {SETTLED} blocks on top may still be reorganised; look again later")
        return Anchored(datetime.fromtimestamp(found.time, UTC), proven=True, words=words)


@dataclass(frozen=True, slots=True)
class Block:
    """A block of the canonical chain; `time` in POSIX seconds."""

    number: int
    hash: str
    time: int

    def words(self) -> str:
        return f"{self.number:,} ({self.hash}, {datetime.fromtimestamp(self.time, UTC):%Y-%m-%d %H:%M:%S} UTC)"


@dataclass(frozen=True, slots=True)
class _Receipt:
    """What is kept of an anchor: the signed transaction itself, and the block that held it then."""

    chain: int
    transaction: str
    raw: bytes
    sender: str
    block: Block | None

    def encode(self) -> bytes:
        block = self.block
        told = {
            "format": FORMAT,
            "chain_id": self.chain,
            "transaction": self.transaction,
            "raw": f"0x{self.raw.hex()}",
            "from": self.sender,
            "block": None if block is None else {"number": block.number, "hash": block.hash, "time": block.time},
        }
        return json.dumps(told, indent=2).encode() + b"\n"

    @classmethod
    def parse(cls, data: bytes) -> "_Receipt":
        """Return a receipt whose parts agree; raises AnchorError."""
        from eth_account import Account
        from eth_utils import keccak

        try:
            told = json.loads(data[:LARGEST_RECEIPT])
            if told["format"] != FORMAT:
                raise ValueError(f"its format is not {FORMAT}")
            block = told["block"]
            made = cls(
                _whole(told["chain_id"]),
                _hash(told["transaction"]),
                bytes.fromhex(_hex(told["raw"])),
                str(told["from"]),
                None if block is None else Block(_whole(block["number"]), _hash(block["hash"]), _time(block["time"])),
            )
        except (ValueError, TypeError, KeyError, RecursionError) as error:
            raise AnchorError(f"the receipt cannot be read: {type(error).__name__}: {str(error)[:80]}") from error
        if f"0x{keccak(made.raw).hex()}" != made.transaction:
            raise AnchorError("the receipt was changed: its transaction has another hash than it says")
        if _decode(made.raw).get("chainId") != made.chain:
            raise AnchorError("the receipt was changed: its transaction is of another chain than it says")
        try:
            sender = Account.recover_transaction(made.raw)
        except Exception as error:  # the library has no one kind for signatures that are none
            raise AnchorError("the receipt was changed: nobody signed its transaction") from error
        if sender != made.sender:
            raise AnchorError("the receipt was changed: its transaction is of another sender than it says")
        return made

    def carried(self) -> bytes:
        """Return the data of the transaction."""
        return bytes(_decode(self.raw)["data"])


def _decode(raw: bytes) -> dict[str, Any]:
    from eth_account.typed_transactions import TypedTransaction
    from hexbytes import HexBytes
    from rlp.exceptions import RLPException

    try:
        return dict(TypedTransaction.from_bytes(HexBytes(raw)).as_dict())
    except (ValueError, TypeError, RLPException) as error:
        raise AnchorError(f"the receipt's transaction is none that an anchor has: {str(error)[:80]}") from error


def _sign(node: Node, chain: int, account: "LocalAccount", digest: bytes) -> tuple[bytes, str]:
    """Return a signed transaction from an account to itself (EIP-1559) that carries a hash, and its hash."""
    sent = {"from": account.address, "to": account.address, "value": "0x0", "data": f"0x{digest.hex()}"}
    gas = node.number("eth_estimateGas", sent)
    base = node.block("latest").get("baseFeePerGas")
    if base is None:
        raise BadInput(f"the chain {chain} has no base fee (EIP-1559), which an anchor's transaction needs")
    tip = node.number("eth_maxPriorityFeePerGas")
    price = 2 * _quantity(base) + tip
    most, held = _most_fee(), node.number("eth_getBalance", account.address, "latest")
    if gas > MOST_GAS or gas * price > most:
        raise BadInput(
            f"the node asks {gas:,} gas at up to {price:,} wei, {gas * price:,} wei in all; at most {MOST_GAS:,} gas "
            f"and {most:,} wei are paid. Wait until the chain is less busy, ask another node, or raise {FEE_SETTING}."
        )
    if held < gas * price:
        raise BadInput(
            f"{account.address} holds {held:,} wei on the chain {chain}, and an anchor may cost {gas * price:,}: send "
            "it some first"
        )
    signed = account.sign_transaction(
        {
            "type": 2,
            "chainId": chain,
            "nonce": node.number("eth_getTransactionCount", account.address, "pending"),
            "to": account.address,
            "value": 0,
            "data": f"0x{digest.hex()}",
            "gas": gas,
            "maxFeePerGas": price,
            "maxPriorityFeePerGas": tip,
        }
    )
    return bytes(signed.raw_transaction), f"0x{bytes(signed.hash).hex()}"


def _wait(node: Node, transaction: str) -> Block | None:
    """Return the block that holds a transaction; None if none does after a while."""
    end = time.monotonic() + SECONDS_TO_MINE
    while (found := _block_of(node, transaction)) is None and time.monotonic() < end:
        time.sleep(_PAUSE)
    return found


def _block_of(node: Node, transaction: str) -> Block | None:
    """Return the block of the canonical chain that holds a transaction, as a node tells it; None where none does."""
    told = node.ask("eth_getTransactionReceipt", transaction)
    if told is None:
        return None
    try:
        if told["transactionHash"] != transaction or told["blockHash"] is None:
            raise AnchorError(f"{node.address} answers with another transaction than was asked for; ask another node")
        number = _quantity(told["blockNumber"])
        block = node.block(hex(number))
        canonical = block["hash"] == told["blockHash"] and transaction in block["transactions"]
        if not canonical:
            raise AnchorError(
                f"{node.address} says that block {number:,} holds the transaction, and shows a block there that does "
                "not; ask another node"
            )
        return Block(number, _hash(block["hash"]), _time(_quantity(block["timestamp"])))
    except (KeyError, TypeError, ValueError) as error:
        raise AnchorError(f"{node.address} does not answer as a node does: {type(error).__name__}: {error}") from error


def _same_chain(node: Node, chain: int) -> None:
    found = node.number("eth_chainId")
    if found != chain:
        raise BadInput(f"{node.address} is a node of the chain {found}, not of {chain}; name another node")


def _chain() -> int:
    text = os.environ.get(CHAIN_SETTING, "")
    if not re.fullmatch(r"[1-9][0-9]{0,15}", text):
        raise BadInput(f"name in {CHAIN_SETTING} the number of the chain that the key may sign for, such as 1")
    return int(text)


def _most_fee() -> int:
    text = os.environ.get(FEE_SETTING) or str(MOST_FEE)
    if not re.fullmatch(r"[0-9]{1,30}", text):
        raise BadInput(f"{FEE_SETTING}: '{text[:40]}' is not a whole number of wei")
    return int(text)


def _account() -> "LocalAccount":
    """Return the account whose private key stands in the file that the setting names."""
    from eth_account import Account

    name = os.environ.get(KEY_SETTING, "")
    if not name:
        raise BadInput(f"name in {KEY_SETTING} a file with the private key that pays, 64 digits in hex")
    file = Path(name)
    try:
        mode, text = stat.S_IMODE(file.stat().st_mode), file.read_text("ascii", errors="replace").strip()
    except OSError as error:
        raise BadInput(f"{KEY_SETTING}: {file}: {error.strerror}") from error
    if mode & 0o077:
        raise BadInput(f"others can read {file} (mode {mode:o}), and whoever has the key has its money: chmod 600 it")
    if not re.fullmatch(r"(0x)?[0-9a-fA-F]{64}", text):
        raise BadInput(f"{file} is no private key: it holds 64 digits in hex, and nothing else")
    try:
        account: LocalAccount = Account.from_key(bytes.fromhex(text.removeprefix("0x")))
    except Exception:
        # Whatever it was would quote the key.
        raise BadInput(f"{file} is no private key of this curve") from None
    return account


def _needed() -> None:
    limit = sys.getrecursionlimit()
    try:
        import eth_account  # noqa: F401
    except ImportError:
        raise BadInput("this needs the package eth-account: pip install 'sameboat[evm]'") from None
    finally:
        # One of its packages raises the limit so far that deep JSON would overflow the stack.
        sys.setrecursionlimit(limit)


def _hex(text: Any) -> str:
    if not isinstance(text, str) or not re.fullmatch(r"0x([0-9a-f]{2})+", text):
        raise ValueError("not in hex")
    return text[2:]


def _hash(text: Any) -> str:
    if len(_hex(text)) != 64:
        raise ValueError("not a hash of 32 bytes in hex")
    return str(text)


def _whole(number: Any) -> int:
    if type(number) is not int or not 0 <= number < 2**63:
        raise ValueError("not a whole number")
    return number


def _time(seconds: int) -> int:
    if _whole(seconds) >= 253_402_300_800:
        raise ValueError("a time beyond the year 9999")
    return seconds


def _quantity(text: Any) -> int:
    if not isinstance(text, str) or not re.fullmatch(r"0x[0-9a-f]{1,64}", text):
        raise ValueError(f"'{str(text)[:40]}' is not a quantity")
    return int(text, 16)
