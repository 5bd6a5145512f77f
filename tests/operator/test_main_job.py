"""The main job at the command line: from a published need to a verified proof."""

import pytest


@pytest.fixture
def signed_gift(installation):
    """A gift of 500 masks that the receiver signed for with a device key, and the installation it stands in."""
    key = installation.home.parent / "hospital.key"
    installation.run("key", "make", key)
    installation.run("key", "register", "Test Hospital", key, "--as", "hospital")
    need = installation.need()["need"]
    pledge = installation.json("pledge", "goods", need, 500, "--as", "donor", "--donor", "Test Company")["pledge"]
    gift = installation.json("gift", "receive-goods", "Test Charity", "--pledge", pledge, "--as", "charity")
    allocation = installation.json("allocation", "decide", gift["lot"], need, 500, "--as", "charity")["allocation"]
    handover = installation.json("handover", "give", allocation, "--as", "charity")["handover"]
    installation.run("handover", "sign", handover, "--as", "donor", code=2)
    installation.run("handover", "sign", handover, "--as", "hospital", "--key", key)
    installation.run("log", "publish")
    return installation, gift["gift"]


def test_a_gift_is_followed_from_a_need_to_a_verified_proof(signed_gift):
    """Every step is done by a command, and the proof file that comes out verifies and tells all of them."""
    installation, gift = signed_gift
    proof = installation.home.parent / "gift.proof.json"
    installation.run("gift", "proof", gift, proof)
    vkey = installation.json("log", "key")["vkey"]
    told = installation.json("verify", proof, "--vkey", vkey)
    assert [entry["content"]["type"] for entry in told["entries"] if entry["content"]["actor"] != "operator"] == [
        "key.registered",
        "need.published",
        "pledge.made",
        "goods.received",
        "allocation.decided",
        "goods.handed_over",
        "goods.received_by",
    ]
    story = installation.run("verify", proof).stdout
    assert "Test Hospital signed for 500 × mask-surgical (piece)" in story
    audit = installation.json("log", "audit")
    assert (audit["ok"], audit["device_signatures"]) == (True, 1)


def test_a_proof_file_with_one_bit_changed_is_refused(signed_gift):
    """`verify` says that such a file proves nothing, and exits with 1."""
    installation, gift = signed_gift
    proof = installation.home.parent / "gift.proof.json"
    installation.run("gift", "proof", gift, proof)
    data = proof.read_bytes()
    at = data.index(b"mask-surgical")
    proof.write_bytes(data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :])
    assert installation.json("verify", proof, code=1)["error"]["code"] == "not-proved"


def test_the_same_request_twice_is_done_once(installation):
    """A command repeated with the same --once text returns what the first made; with other input it is refused."""
    first, second = installation.need(once="abc"), installation.need(once="abc")
    assert first["need"] == second["need"]
    again = ("need", "publish", "Test Hospital", "goggles", 3, "--as", "hospital", "--once", "abc")
    assert installation.json(*again, code=2)["error"]["code"] == "conflict"


def test_a_token_is_made_for_a_members_programs(installation):
    """It is printed once, and only for who has an account."""
    assert installation.json("account", "token", "hospital")["token"].startswith("sb_")
    installation.run("account", "token", "nobody", code=2)


def test_a_pledge_repeated_under_one_text_prints_the_same_code(installation):
    """Who lost the answer can still take the pledge back."""
    need = installation.need()["need"]
    pledge = ("pledge", "goods", need, 5, "--as", "donor", "--once", "xyz")
    assert installation.json(*pledge) == installation.json(*pledge)
