"""The log over HTTP: as tiles that anyone can mirror, and as JSON."""

import pytest

from sameboat.transparency.actions import publish
from sameboat.transparency.engine import checkpoint, layout, merkle, tiles
from sameboat.transparency.keys import log_signer

pytestmark = pytest.mark.django_db


@pytest.fixture
def published(cast):
    """A log whose entries are published: the three organisations of the cast."""
    return publish()


def test_a_mirror_of_the_tiles_gives_the_signed_root(published, client):
    """Checkpoint, tiles and entry bundles, fetched as files, agree with each other and with the signature."""
    head, _note = checkpoint.open(client.get("/checkpoint").content, log_signer().verifier)

    def fetch(level, index, width):
        return client.get("/" + layout.path(level, index, width)).content

    assert tiles.root(head.size, fetch) == head.root
    bundle = tiles.parse_bundle(client.get("/" + layout.entries_path(0, head.size)).content)
    hashes = b"".join(merkle.leaf_hash(entry) for entry in bundle)
    assert hashes == fetch(0, 0, head.size)


@pytest.mark.parametrize(
    ("path", "content_type", "caching"),
    [
        ("/checkpoint", layout.CHECKPOINT_TYPE, layout.CHECKPOINT_CACHE),
        ("/tile/0/000.p/3", layout.TILE_TYPE, layout.TILE_CACHE),
        ("/tile/entries/000.p/3", layout.TILE_TYPE, layout.TILE_CACHE),
    ],
)
def test_files_of_the_log_say_what_they_are_and_how_long_they_hold(path, content_type, caching, published, client):
    """Tiles may be kept for ever, checkpoints must be asked for again, and pages of other sites may read both."""
    answer = client.get(path)
    assert (answer.status_code, answer["Content-Type"]) == (200, content_type)
    assert (answer["Cache-Control"], answer["Access-Control-Allow-Origin"]) == (caching, "*")


@pytest.mark.parametrize(
    "path",
    [
        "0/000",
        "0/000.p/4",
        "0/000.p/0",
        "0/000.p/03",
        "0/000.p/256",
        "0/001.p/1",
        "1/000.p/1",
        "64/000.p/1",
        "entries/000",
        "entries/000.p/4",
        "0/x000/000.p/1",
        "0/0",
        "-1/000.p/1",
        "0/000.p/1/",
        "0/" + "x999/" * 9 + "999.p/1",
        "0/%00",
    ],
)
def test_what_no_checkpoint_covers_is_not_served(path, published, client):
    """Wider than published, beyond the tree, or spelled otherwise: 404 with a plain text that says why."""
    answer = client.get(f"/tile/{path}")
    assert (answer.status_code, answer["Content-Type"]) == (404, "text/plain; charset=utf-8")
    assert len(answer.content) > 20


def test_a_narrower_tile_stays_once_it_was_published(published, client):
    """A mirror that saw an older checkpoint still gets the tile of its width."""
    full = client.get("/tile/0/000.p/3").content
    assert client.get("/tile/0/000.p/2").content == full[:64]


def test_nothing_is_served_before_the_first_checkpoint(client):
    """An empty log says so instead of serving a tree of nothing."""
    assert client.get("/checkpoint").status_code == 404
    assert client.get("/tile/0/000.p/1").status_code == 404
    assert client.get("/api/log/checkpoint").json()["error"]["code"] == "not-found"


@pytest.mark.parametrize("method", ["post", "put", "delete", "patch"])
def test_the_log_cannot_be_written_by_address(method, published, client):
    """Only GET and HEAD are taken."""
    assert getattr(client, method)("/checkpoint").status_code == 405


def test_an_unchanged_checkpoint_is_not_sent_again(published, client):
    """Its ETag saves the body until the next one is published."""
    tag = client.get("/checkpoint")["ETag"]
    assert client.get("/checkpoint", headers={"If-None-Match": tag}).status_code == 304
    assert client.get("/checkpoint", headers={"If-None-Match": '"other"'}).status_code == 200


def test_entries_are_paged_from_the_newest_to_the_first(published, client):
    """Following `next` gives every published entry once."""
    seen, before = [], None
    while True:
        page = client.get("/api/log/entries", {"limit": 2} | ({} if before is None else {"before": before})).json()
        seen += [entry["index"] for entry in page["items"]]
        before = page["next"]
        if before is None:
            break
    assert seen == [2, 1, 0]


def test_entries_of_one_type_only(published, client):
    """The filter leaves out all others."""
    assert client.get("/api/log/entries", {"type": "need.published"}).json()["items"] == []
    assert len(client.get("/api/log/entries", {"type": "organisation.registered"}).json()["items"]) == 3


def test_consistency_is_proved_between_any_two_sizes(published, client):
    """The proof verifies under the roots that it comes with, of which the newer is the checkpoint's."""
    proof = client.get("/api/log/proofs/consistency", {"old_size": 1}).json()
    assert proof["new_root"] == bytes(published.root).hex()
    merkle.verify_consistency(
        1,
        proof["new_size"],
        bytes.fromhex(proof["old_root"]),
        bytes.fromhex(proof["new_root"]),
        [bytes.fromhex(step) for step in proof["proof"]],
    )


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("entries/3", 404),
        ("entries/-1", 404),
        ("entries/٣", 404),
        ("entries/99999999999999999999999", 404),
        ("proofs/inclusion?index=3", 404),
        ("proofs/inclusion?index=0&size=4", 404),
        ("proofs/inclusion?index=0&size=0", 422),
        ("proofs/inclusion?index=-1", 422),
        ("proofs/inclusion", 422),
        ("proofs/consistency?old_size=0", 422),
        ("proofs/consistency?old_size=3&new_size=2", 422),
        ("proofs/consistency?old_size=1&new_size=99999999999999999999", 422),
        ("entries?limit=201", 422),
        ("entries?before=x", 422),
    ],
)
def test_what_the_log_cannot_prove_is_refused_in_the_common_shape(path, status, published, client):
    """Unknown indices and sizes are told apart from malformed ones."""
    answer = client.get(f"/api/log/{path}")
    assert answer.status_code == status
    assert answer.json()["error"]["message"]
