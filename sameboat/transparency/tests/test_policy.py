"""Policies: whom to believe, and how many must agree."""

import contextlib
import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sameboat.transparency.engine import checkpoint, cosignature, policy, signed_note
from sameboat.transparency.engine.policy import Policy, PolicyError, UntrustedError

LOG = signed_note.Signer("log.example", bytes(32))
OTHER_LOG = signed_note.Signer("other.example", bytes([1] * 32))
WITNESSES = {
    name: cosignature.Signer(f"{name.lower()}.example", kind, bytes([number] * 32))
    for number, (name, kind) in enumerate(
        [("X1", 0x04), ("X2", 0x06), ("X3", 0x04), ("Y1", 0x04), ("Y2", 0x04), ("Y3", 0x06)], 10
    )
}
DEFINED = f"log {LOG.verifier.vkey}\n" + "".join(
    f"witness {name} {signer.verifier.vkey}\n" for name, signer in WITNESSES.items()
)
EXAMPLE = (
    DEFINED
    + "group X-witnesses 2 X1 X2 X3\n"
    + "group Y-witnesses any Y1 Y2 Y3\n"
    + "group X-and-Y all X-witnesses Y-witnesses\n"
    + "quorum X-and-Y\n"
)
TEXT = checkpoint.encode(checkpoint.Checkpoint(LOG.name, 7, bytes(32)))


def note(*names, log=LOG):
    cosigned = "".join(WITNESSES[name].cosign(TEXT.encode(), 1000 + i).line() for i, name in enumerate(names))
    return signed_note.sign(TEXT, [log]) + cosigned


def test_quorum_of_the_specification():
    """Its example asks for two of X and one of Y, over every set of witnesses."""
    rule = policy.parse(EXAMPLE)
    for count in range(7):
        for names in itertools.combinations(WITNESSES, count):
            enough = sum(name[0] == "X" for name in names) >= 2 and any(name[0] == "Y" for name in names)
            assert rule.agrees(names) == enough


@pytest.mark.parametrize(
    ("lines", "agreeing", "refused"),
    [
        ("quorum none\n", [[], ["X1"]], []),
        ("quorum X1\n", [["X1"], ["X1", "X2"]], [[], ["X2"]]),
        ("group g 1 X1 X2\nquorum g\n", [["X1"], ["X2"]], [[], ["Y1"]]),
        ("group g 2 X1 X2\nquorum g\n", [["X1", "X2"]], [["X1"]]),
        ("group g any X1\ngroup h all g X2\nquorum h\n", [["X1", "X2"]], [["X1"], ["X2"]]),
        ("# a comment\n \t# another\n\n\t quorum\t  X1 \n", [["X1"]], [[]]),
        ("group g any X1 X2\nquorum X1\n", [["X1"]], [["X2"]]),
    ],
)
def test_quorum(lines, agreeing, refused):
    """The quorum agrees exactly with these sets of witnesses."""
    rule = policy.parse(DEFINED + lines)
    assert all(rule.agrees(names) for names in agreeing)
    assert not any(rule.agrees(names) for names in refused)


@pytest.mark.parametrize(
    "lines",
    [
        "",
        "quorum X1",
        "quorum X1\nquorum X1\n",
        "quorum nobody\n",
        "quorum\n",
        "quorum X1 X2\n",
        "QUORUM X1\n",
        "quorum x1\n",
        "quorum g\ngroup g any X1\n",
        "group g any X1 none\nquorum g\n",
        "group none any X1\nquorum none\n",
        "group g X1\nquorum g\n",
        "group g any\nquorum g\n",
        "group g 0 X1\nquorum g\n",
        "group g 2 X1\nquorum g\n",
        "group g 01 X1\nquorum g\n",
        "group g -1 X1\nquorum g\n",
        "group g ١ X1\nquorum g\n",
        "group g most X1\nquorum g\n",
        "group g any g\nquorum g\n",
        "group g any h\ngroup h any X1\nquorum g\n",
        "group g any X1 X1\nquorum g\n",
        "group g any X1\ngroup h any X1\nquorum h\n",
        "group X1 any X2\nquorum X1\n",
        "group g any X1\ngroup g any X2\nquorum g\n",
        f"log {LOG.verifier.vkey}\nquorum none\n",
        "log\nquorum none\n",
        f"log {OTHER_LOG.verifier.vkey} https://a b\nquorum none\n",
        f"log {OTHER_LOG.verifier.vkey[:-1]}\nquorum none\n",
        f"witness W {WITNESSES['X1'].verifier.vkey}\nquorum none\n",
        f"witness W {OTHER_LOG.verifier.vkey}\nquorum none\n",
        f"witness {WITNESSES['X1'].verifier.vkey}\nquorum none\n",
        "witness W a+b\nquorum none\n",
        "quorum none\r\n",
        "quorum none\n\x00\n",
        "quorum none\n#\x7f\n",
        "quorum none # for now\n",
        "quorum none\n" + "\n" * 2000,
        "quorum none\n#" + "a" * 1_000_000 + "\n",
    ],
)
def test_bad_policy(lines):
    """A policy that could be meant in two ways, or none, is refused."""
    with pytest.raises(PolicyError):
        policy.parse(DEFINED + lines)


def test_the_same_key_under_another_name_is_a_duplicate():
    """A witness cannot count twice by taking a second name."""
    key = WITNESSES["X1"].verifier
    again = cosignature.Verifier("again.example", key.signature_type, key.public_key)
    with pytest.raises(PolicyError, match="line 8"):
        policy.parse(DEFINED + f"witness again {again.vkey}\nquorum none\n")


def test_addresses_and_names_are_kept():
    """A log or witness may have an address, and names are any octets without spaces."""
    text = f"witness 武汉 {WITNESSES['X1'].verifier.vkey} https://w.example/\nquorum 武汉\n".encode()
    rule = policy.parse(text.replace("武汉".encode(), b"\xff\xfe"))
    ((name, party),) = rule.witnesses.items()
    assert name.encode(errors="surrogateescape") == b"\xff\xfe"
    assert party.url == "https://w.example/"
    assert rule.agrees([name])


@given(
    st.binary(max_size=80)
    | st.lists(
        st.lists(st.sampled_from(["log", "witness", "group", "quorum", "none", "any", "2", "g", "h", "X1", "#"])),
        max_size=6,
    ).map(lambda lines: DEFINED + "".join(" ".join(line) + "\n" for line in lines))
)
def test_any_text_is_a_policy_or_refused(text):
    """Nothing is raised but PolicyError."""
    with contextlib.suppress(PolicyError):
        assert isinstance(policy.parse(text), Policy)


def test_a_thousand_nested_groups():
    """Groups nest as deep as a file is long."""
    lines = ["witness w0 " + WITNESSES["X1"].verifier.vkey]
    lines += [f"group w{number} all w{number - 1}" for number in range(1, 999)]
    rule = policy.parse("\n".join(lines) + "\nquorum w998\n")
    assert rule.agrees(["w0"])
    assert not rule.agrees([])


def test_checkpoint_with_a_quorum_is_trusted():
    """The policy says which log signed, and when each witness cosigned."""
    trusted = policy.parse(EXAMPLE).check(note("X1", "X2", "Y3"))
    assert trusted.checkpoint.size == 7
    assert trusted.log == LOG.verifier
    assert trusted.witnesses == {"X1": 1000, "X2": 1001, "Y3": 1002}


def test_too_few_witnesses():
    """Without a quorum the checkpoint is not trusted, however well its log signed it."""
    with pytest.raises(UntrustedError, match="X1, Y1"):
        policy.parse(EXAMPLE).check(note("X1", "Y1"))


def test_a_false_cosignature_does_not_count():
    """A cosignature on another checkpoint sinks the note."""
    other = checkpoint.encode(checkpoint.Checkpoint(LOG.name, 8, bytes(32)))
    false = WITNESSES["Y1"].cosign(other.encode(), 5).line()
    with pytest.raises(signed_note.InvalidSignatureError):
        policy.parse(EXAMPLE).check(note("X1", "X2") + false)


def test_unknown_witnesses_are_ignored():
    """Cosignatures by others neither help nor harm."""
    stranger = cosignature.Signer("stranger.example", 0x04, bytes([99] * 32)).cosign(TEXT.encode(), 5).line()
    assert policy.parse(EXAMPLE).check(note("X1", "X3", "Y1") + stranger).witnesses.keys() == {"X1", "X3", "Y1"}


def test_another_logs_checkpoint():
    """A quorum of witnesses does not replace the log's own signature."""
    with pytest.raises(UntrustedError):
        policy.parse(EXAMPLE).check(note("X1", "X2", "Y1", log=OTHER_LOG))


def test_a_trusted_log_does_not_speak_for_another():
    """A trusted log's signature on a checkpoint under another name is not enough."""
    text = DEFINED + f"log {OTHER_LOG.verifier.vkey}\nquorum none\n"
    with pytest.raises(UntrustedError):
        policy.parse(text).check(note(log=OTHER_LOG))


def test_logs_known_from_elsewhere():
    """A policy without logs is checked against those the reader brings."""
    rule = policy.parse("quorum none\n")
    assert rule.check(note(), [LOG.verifier]).log == LOG.verifier
    with pytest.raises(signed_note.UnverifiedNoteError):
        rule.check(note())


def test_a_log_that_signs_with_ml_dsa_44():
    """A log may sign its checkpoint with a quantum-safe cosignature under its origin."""
    log = cosignature.Signer(LOG.name, cosignature.ML_DSA_44, bytes([7] * 32))
    signed = TEXT + "\n" + log.cosign(TEXT.encode(), 0).line()
    rule = policy.parse(f"log {log.verifier.vkey}\nquorum none\n")
    assert rule.check(signed).log == log.verifier
