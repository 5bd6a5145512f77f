"""`sameboat need publish-all`: every line of a file is answered, the good ones published."""

import json

import pytest

from sameboat.project.tests.conftest import call
from sameboat.registry import bulk
from sameboat.supplies.models import Need


def line(cast, **more):
    return json.dumps({"organisation": cast.hospital.public_id, "item": "mask-surgical", "quantity": 5} | more)


def publish_all(tmp_path, text, *more):
    """Return what the command answers for a file."""
    file = tmp_path / "needs.jsonl"
    file.write_bytes(text if isinstance(text, bytes) else text.encode())
    return call("need", "publish-all", file, "--as", "hospital", "--json", *more)


def test_each_line_is_answered_on_its_own(tmp_path, members):
    """Empty lines and a byte order mark are no lines; what is no JSON is refused with its number."""
    text = "\ufeff" + "\n".join([line(members), "", "{", line(members, item="masks"), line(members, standard="GB")])
    answers = json.loads(publish_all(tmp_path, text).output)
    assert [(each["line"], bool(each["need"]), bool(each["refused"])) for each in answers] == [
        (1, True, False),
        (2, False, True),
        (3, False, True),
        (4, True, False),
    ]
    assert {each["need"] for each in answers} - {""} == set(Need.objects.values_list("public_id", flat=True))


def test_more_lines_than_one_request_takes_are_sent_in_parts_once(tmp_path, members, monkeypatch):
    """With --once the whole file is published once, however often it is sent."""
    monkeypatch.setattr(bulk, "MOST_ROWS", 2)
    text = "\n".join(line(members, standard=f"GB {number}") for number in range(5))
    first = publish_all(tmp_path, text, "--once", "monday").output
    assert publish_all(tmp_path, text, "--once", "monday").output == first
    assert (len(json.loads(first)), Need.objects.count()) == (5, 5)


@pytest.mark.parametrize("content", [b"\xff\xfe\x00", None])
def test_a_file_that_cannot_be_read_is_said_so(content, tmp_path, members):
    """It names the file and what it should be."""
    file = tmp_path / "needs.jsonl"
    if content is not None:
        file.write_bytes(content)
    ended = call("need", "publish-all", file, "--as", "hospital")
    assert (ended.code, "UTF-8" in ended.errors) == (2, True)
