"""Backups hold everything, bad ones change nothing, and old ones cannot fork the log."""

import gzip
import io
import json
import shutil
import tarfile

import pytest

from tests.operator.conftest import Installation


@pytest.fixture
def archive(installation):
    """A backup with keys of an installation with one need."""
    installation.need()
    installation.run("log", "publish")
    file = installation.home.parent / "backup.tar.gz"
    installation.run("backup", file, "--with-keys")
    return file


@pytest.fixture
def elsewhere(tmp_path):
    """An installation that does not exist yet."""
    return Installation(tmp_path / "elsewhere" / "home")


@pytest.fixture(autouse=True)
def _folder(elsewhere):
    elsewhere.home.parent.mkdir(exist_ok=True)


def test_a_backup_restored_elsewhere_is_the_same_installation(installation, archive, elsewhere):
    """The same log under the same key, its books in order, and the next entry follows on."""
    size = elsewhere.json("restore", archive)["log_size"]
    assert elsewhere.json("log", "key") == installation.json("log", "key")
    assert elsewhere.json("doctor")["ok"]
    elsewhere.need("gown")
    assert elsewhere.json("log", "publish")["size"] == size + 1


def test_keys_stay_out_of_a_backup_unless_asked_for(installation, elsewhere):
    """Without them the restore refuses and says where the key belongs; with the key in place it goes through."""
    file = installation.home.parent / "without.tar.gz"
    installation.run("backup", file)
    assert b"PRIVATE+KEY" not in gzip.decompress(file.read_bytes())
    told = elsewhere.json("restore", file, code=2)["error"]["message"]
    assert "made without keys" in told
    shutil.copy(installation.home / "keys" / "log-signing-key", elsewhere.home / "keys" / "log-signing-key")
    elsewhere.run("restore", file, "--force")
    assert elsewhere.json("doctor")["ok"]


def test_a_home_in_use_is_not_overwritten(installation, archive):
    """Without --force nothing happens; with it, what was there is set aside and not deleted."""
    assert "not empty" in installation.json("restore", archive, code=2)["error"]["message"]
    aside = installation.json("restore", archive, "--force")["set_aside"]
    assert aside.startswith(str(installation.home / "replaced-"))
    assert installation.json("doctor")["ok"]


def test_an_old_backup_does_not_fork_the_log(installation, archive):
    """What was published after it would get its indices a second time: the restore refuses and changes nothing."""
    installation.need("gown")
    size = installation.json("log", "publish")["size"]
    told = installation.json("restore", archive, "--force", code=1)["error"]
    assert (told["code"], "fork" in told["message"]) == ("rolled-back", True)
    assert installation.json("log", "publish")["size"] == size


def test_on_a_new_machine_a_mirror_tells_that_a_backup_is_old(installation, archive, elsewhere, tmp_path):
    """There nothing else knows what was published since: the restore refuses, and the newest backup goes through."""
    installation.need("gown")
    installation.run("log", "publish")
    installation.run("log", "export", tmp_path / "mirror")
    told = elsewhere.json("restore", archive, "--mirror", tmp_path / "mirror", code=1)["error"]
    assert (told["code"], "fork" in told["message"]) == ("rolled-back", True)
    assert not (elsewhere.home / "sameboat.sqlite3").exists()
    installation.run("backup", tmp_path / "newest.tar.gz", "--with-keys")
    elsewhere.run("restore", tmp_path / "newest.tar.gz", "--mirror", tmp_path / "mirror")
    assert elsewhere.json("doctor")["ok"]


def test_a_backup_of_a_fork_is_refused_by_a_mirror(installation, archive, elsewhere, tmp_path):
    """As long as what the mirror shows, with other entries: nothing is left of it in the home."""
    elsewhere.run("restore", archive)
    elsewhere.need("goggles")
    elsewhere.run("log", "publish")
    elsewhere.run("backup", tmp_path / "fork.tar.gz", "--with-keys")
    installation.need("gown")
    installation.run("log", "publish")
    installation.run("log", "export", tmp_path / "mirror")
    third = Installation(tmp_path / "third")
    told = third.json("restore", tmp_path / "fork.tar.gz", "--mirror", tmp_path / "mirror", code=1)["error"]
    assert (told["code"], "forked" in told["message"]) == ("rolled-back", True)
    assert not (third.home / "sameboat.sqlite3").exists()


@pytest.mark.parametrize("checkpoint", [None, "", "another\n"], ids=["none", "empty", "another"])
def test_a_mirror_that_is_none_is_told(checkpoint, installation, archive, elsewhere, tmp_path):
    """Nothing is restored on the word of a folder without a checkpoint that the log signed."""
    (tmp_path / "mirror").mkdir()
    if checkpoint is not None:
        (tmp_path / "mirror" / "checkpoint").write_text(checkpoint)
    done = elsewhere.run("restore", archive, "--mirror", tmp_path / "mirror", code=2 if checkpoint is None else 1)
    assert "checkpoint" in done.stderr
    assert not (elsewhere.home / "sameboat.sqlite3").exists()


def test_an_old_database_put_in_place_by_hand_does_not_fork_the_log(installation, archive, tmp_path):
    """Copying the old file over the new one is noticed too, by the server and by the doctor."""
    old = tmp_path / "old.sqlite3"
    shutil.copy(installation.home / "sameboat.sqlite3", old)
    installation.need("gown")
    installation.run("log", "publish")
    shutil.copy(old, installation.home / "sameboat.sqlite3")
    for name in ("sameboat.sqlite3-wal", "sameboat.sqlite3-shm"):
        (installation.home / name).unlink(missing_ok=True)
    assert "old copy" in installation.run("serve", "--port", "0", code=1).stderr
    installation.need("goggles")
    assert "old copy" in installation.run("log", "publish", code=1).stderr
    (log,) = [check for check in installation.json("doctor", code=1)["checks"] if check["name"] == "log"]
    assert log["state"] == "wrong"


def test_a_backup_never_overwrites_a_file(installation, archive):
    """The name must be free."""
    before = archive.read_bytes()
    assert installation.json("backup", archive, code=2)["error"]["code"] == "bad-input"
    assert archive.read_bytes() == before


def test_nothing_is_restored_under_a_running_server(installation, archive):
    """The server is named; nothing is touched."""
    installation.serve()
    assert "stop it first" in installation.json("restore", archive, "--force", code=2)["error"]["message"]


def changed(archive, change):
    """Return the bytes of an archive whose members went through `change`: a list of (name, bytes, type)."""
    with tarfile.open(archive) as tar:
        members = [(member.name, tar.extractfile(member).read(), tarfile.REGTYPE) for member in tar]
    made = io.BytesIO()
    with tarfile.open(fileobj=made, mode="w:gz") as tar:
        for name, data, kind in change(members):
            about = tarfile.TarInfo(name)
            about.type, about.size = kind, len(data) if kind == tarfile.REGTYPE else 0
            about.linkname = "" if kind == tarfile.REGTYPE else "/etc/passwd"
            tar.addfile(about, io.BytesIO(data))
    return made.getvalue()


def manifest_with(members, **changes):
    told = json.loads(members[0][1]) | changes
    return [("manifest.json", json.dumps(told).encode(), tarfile.REGTYPE), *members[1:]]


def traversal(members):
    told = json.loads(members[0][1])
    told["files"]["../escaped"] = {"bytes": 1, "sha256": "0" * 64}
    return [
        ("manifest.json", json.dumps(told).encode(), tarfile.REGTYPE),
        *members[1:],
        ("../escaped", b"x", tarfile.REGTYPE),
    ]


BAD = {
    "nothing": lambda archive: b"",
    "text": lambda archive: b"not an archive\n",
    "half of it": lambda archive: archive.read_bytes()[: archive.stat().st_size // 2],
    "all but its last bytes": lambda archive: archive.read_bytes()[:-9],
    "one bit changed": lambda archive: (
        archive.read_bytes()[:5000] + bytes([archive.read_bytes()[5000] ^ 1]) + archive.read_bytes()[5001:]
    ),
    "a member missing": lambda archive: changed(archive, lambda members: members[:-1]),
    "a member twice": lambda archive: changed(archive, lambda members: [*members, members[-1]]),
    "a member more": lambda archive: changed(archive, lambda members: [*members, ("x", b"", tarfile.REGTYPE)]),
    "a path that climbs out": lambda archive: changed(
        archive, lambda members: [*members, ("../escaped", b"x", tarfile.REGTYPE)]
    ),
    "a list that climbs out": lambda archive: changed(archive, traversal),
    "a link for a member": lambda archive: changed(
        archive, lambda members: [members[0], (members[1][0], b"", tarfile.SYMTYPE), *members[2:]]
    ),
    "another database": lambda archive: changed(
        archive, lambda members: [members[0], (members[1][0], members[1][1][::-1], members[1][2]), *members[2:]]
    ),
    "no list": lambda archive: changed(archive, lambda members: members[1:]),
    "a list of another format": lambda archive: changed(archive, lambda members: manifest_with(members, format="x")),
    "a list without files": lambda archive: changed(archive, lambda members: manifest_with(members, files={})),
    "a list that is a list": lambda archive: changed(
        archive, lambda members: [("manifest.json", b"[]", tarfile.REGTYPE), *members[1:]]
    ),
}


def test_a_bad_archive_changes_nothing(archive, elsewhere):
    """Each kind is told in words, and leaves neither a database nor a file outside the home."""
    bad = archive.with_name("bad.tar.gz")
    for kind, make in BAD.items():
        bad.write_bytes(make(archive))
        told = elsewhere.json("restore", bad, code=1)["error"]
        assert told["code"] == "bad-backup", kind
        assert not (elsewhere.home / "sameboat.sqlite3").exists(), kind
        assert not (elsewhere.home.parent / "escaped").exists(), kind
