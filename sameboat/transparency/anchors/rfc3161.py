"""RFC 3161 time stamps: a time-stamping authority signs the hash and its clock's time."""

import hashlib
from pathlib import Path
from typing import TYPE_CHECKING

from sameboat.transparency.anchors import Anchored, AnchorError
from sameboat.transparency.anchors.posting import post
from sameboat.transparency.errors import BadInput

if TYPE_CHECKING:
    from cryptography.x509 import Certificate
    from rfc3161_client import TimeStampRequest, TimeStampResponse

QUERY_TYPE = "application/timestamp-query"


class Rfc3161:
    """Time stamps; `trust` is a PEM file with the authority's root certificate, first, and others it needs."""

    suffix = "tsr"

    def stamp(self, data: bytes, to: str) -> bytes:
        """Return the authority's response for `data`, of which it is sent the SHA-256."""
        _needed()
        from rfc3161_client import HashAlgorithm, TimestampRequestBuilder

        request: TimeStampRequest = TimestampRequestBuilder().data(data).hash_algorithm(HashAlgorithm.SHA256).build()
        answer = post(to, request.as_bytes(), QUERY_TYPE)
        response = _decode(answer, to)
        if response.status not in (0, 1):
            words = "; ".join(response.status_string or []) or "it does not say why"
            raise AnchorError(f"{to} gives no time stamp: {words}")
        stamped = response.tst_info
        if stamped.message_imprint.message != hashlib.sha256(data).digest() or stamped.nonce != request.nonce:
            raise AnchorError(f"{to} gave the time stamp of something else; do not rely on it")
        return answer

    def check(self, receipt: bytes, data: bytes, trust: str) -> Anchored:
        """Return the time that the authority under the root in `trust` signed."""
        _needed()
        from rfc3161_client import VerificationError, VerifierBuilder

        response = _decode(receipt, "the receipt")
        if not trust:
            raise BadInput("name with --trust a PEM file with the root certificate of the time-stamping authority")
        builder: VerifierBuilder = VerifierBuilder()
        root, *others = _certificates(Path(trust))
        builder = builder.add_root_certificate(root)
        for certificate in others:
            builder = builder.add_intermediate_certificate(certificate)
        try:
            builder.build().verify_message(response, data)
        except (VerificationError, ValueError) as error:
            raise AnchorError(f"the time stamp does not hold: {error}") from error
        since = response.tst_info.gen_time
        return Anchored(since, proven=True, words=[f"signed by an authority under {root.subject.rfc4514_string()}"])


def _needed() -> None:
    try:
        import rfc3161_client  # noqa: F401
    except ImportError:
        raise BadInput("this needs the package rfc3161-client: pip install 'sameboat[rfc3161]'") from None


def _decode(data: bytes, source: str) -> "TimeStampResponse":
    from rfc3161_client import decode_timestamp_response

    try:
        response = decode_timestamp_response(data)
        if response.status in (0, 1):
            response.tst_info  # noqa: B018 - parsed only when asked for
    except ValueError as error:
        raise AnchorError(f"{source} is no RFC 3161 response: {error}") from error
    return response


def _certificates(file: Path) -> "list[Certificate]":
    from cryptography import x509

    try:
        return x509.load_pem_x509_certificates(file.read_bytes())
    except ValueError as error:
        raise BadInput(f"{file} is no PEM file of certificates: {error}") from error
