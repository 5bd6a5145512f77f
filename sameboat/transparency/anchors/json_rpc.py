"""Ask a node of an EVM chain by JSON-RPC (ethereum.github.io/execution-apis)."""

import json
import re
from dataclasses import dataclass
from typing import Any

from sameboat.transparency.anchors import AnchorError
from sameboat.transparency.anchors.posting import post
from sameboat.transparency.errors import BadInput


@dataclass(frozen=True, slots=True)
class Node:
    """A node at an address."""

    address: str

    def ask(self, method: str, *parameters: object) -> Any:
        """Return the result of a call. Raises BadInput for silence and refusals, AnchorError for what is no answer."""
        asked = {"jsonrpc": "2.0", "id": 1, "method": method, "params": parameters}
        answer = post(self.address, json.dumps(asked).encode(), "application/json")
        try:
            told = json.loads(answer)
        except (ValueError, RecursionError):
            raise AnchorError(f"{self.address} does not answer as a node does: its answer is not JSON") from None
        if isinstance(told, dict) and isinstance(told.get("error"), dict):
            words = " ".join(str(told["error"].get("message", "")).split())[:200]
            raise BadInput(f"{self.address} refuses {method}: {words}")
        if not isinstance(told, dict) or "result" not in told:
            raise AnchorError(f"{self.address} does not answer as a node does: no result in it")
        return told["result"]

    def number(self, method: str, *parameters: object) -> int:
        """Return the quantity that a call results in."""
        told = self.ask(method, *parameters)
        if not isinstance(told, str) or not re.fullmatch(r"0x[0-9a-f]{1,64}", told):
            raise AnchorError(f"{self.address} does not answer as a node does: {method} gives no quantity")
        return int(told, 16)

    def block(self, which: str) -> dict[str, Any]:
        """Return a block of the canonical chain by its number or tag, with the hashes of its transactions."""
        told = self.ask("eth_getBlockByNumber", which, False)
        if not isinstance(told, dict):
            raise AnchorError(f"{self.address} does not have the block {which}; it may lag behind the chain")
        return told
