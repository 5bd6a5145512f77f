"""The doctor finds what is wrong, says what to do, and nothing worse happens on a damaged installation."""

import sqlite3

import pytest


def checks(installation, code):
    told = installation.json("doctor", code=code)
    return {check["name"]: check for check in told["checks"]}


def test_a_sound_installation_has_nothing_wrong(installation):
    """Every check is carried out and none is wrong."""
    found = checks(installation, code=0)
    assert {check["state"] for check in found.values()} <= {"fine", "careful"}
    assert len(found) == 12


def test_what_needs_a_broken_part_is_not_checked(installation):
    """Without a database there is one finding, not six."""
    (installation.home / "sameboat.sqlite3").unlink()
    found = checks(installation, code=1)
    assert found["database file"]["state"] == "wrong"
    assert {found[name]["state"] for name in ("database", "tables", "log", "balances")} == {"not-checked"}
    assert found["keys"]["state"] == "fine"


@pytest.mark.parametrize("left", [0.0, 0.0001, 0.3, 0.7, 0.999], ids=str)
def test_a_database_cut_short_is_told(installation, left):
    """However much is left, the doctor and the server say that the file is damaged, and what to do."""
    file = installation.home / "sameboat.sqlite3"
    with file.open("r+b") as opened:
        opened.truncate(int(file.stat().st_size * left))
    for name in ("sameboat.sqlite3-wal", "sameboat.sqlite3-shm"):
        (installation.home / name).unlink(missing_ok=True)
    found = checks(installation, code=1)
    assert "wrong" in {found["database file"]["state"], found["tables"]["state"], found["log"]["state"]}
    done = installation.run("serve", "--port", "0", code=1)
    assert "old copy" in done.stderr if left == 0 else "cut short" in done.stderr


@pytest.mark.parametrize(
    ("statement", "check"),
    [
        ("UPDATE transparency_balance SET amount = amount + 1", "balances"),
        ("DELETE FROM transparency_balance", "balances"),
        ("UPDATE transparency_entry SET body = CAST('{}' AS BLOB) WHERE \"index\" = 1", "log"),
        ("UPDATE transparency_tile SET hashes = zeroblob(length(hashes))", "log"),
        ('DELETE FROM transparency_entry WHERE "index" = 1', "log"),
        ("UPDATE transparency_checkpoint SET size = size - 1", "log"),
        ("UPDATE transparency_checkpoint SET note = replace(note, 'a', 'b')", "log"),
        ("DELETE FROM django_migrations WHERE app = 'supplies'", "tables"),
        ("UPDATE transparency_checkpoint SET signed_at = '2999-01-01 00:00:00'", "clock"),
    ],
)
def test_a_database_changed_by_hand_is_told(installation, statement, check):
    """The change is found where it was made."""
    installation.json("gift", "receive-goods", "Test Charity", "--item", "gown", "--quantity", 5, "--as", "charity")
    installation.run("log", "publish")
    database = sqlite3.connect(installation.home / "sameboat.sqlite3")
    database.execute("PRAGMA foreign_keys = OFF")
    assert database.execute(statement).rowcount > 0
    database.commit()
    database.close()
    found = checks(installation, code=1)
    assert [name for name, told in found.items() if told["state"] == "wrong"] == [check]


def test_keys_that_others_can_read_are_told(installation):
    """The advice is the command that closes them."""
    (installation.home / "keys" / "log-signing-key").chmod(0o644)
    found = checks(installation, code=1)
    assert found["keys"]["state"] == "wrong"
    assert "chmod" in found["keys"]["advice"]


def test_a_lost_key_is_told_and_not_replaced(installation):
    """A new key would not be the log's."""
    (installation.home / "keys" / "log-signing-key").unlink()
    assert "signing key is missing" in checks(installation, code=1)["log"]["found"]
    assert "signing key is missing" in installation.run("serve", "--port", "0", code=1).stderr
    assert not (installation.home / "keys" / "log-signing-key").exists()


def test_a_bad_setting_is_told(installation):
    """No traceback: the setting, what it takes, and where it is documented."""
    installation.extra["DATABASE_URL"] = "mysql://x"
    assert "postgresql://" in checks(installation, code=1)["settings"]["found"]


def test_another_name_for_the_log_is_told(installation):
    """A log keeps its name for good."""
    installation.extra["SAMEBOAT_LOG_ORIGIN"] = "other.example/log"
    assert "keeps its name" in checks(installation, code=1)["settings"]["advice"]
