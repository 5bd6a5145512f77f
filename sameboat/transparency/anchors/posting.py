"""Send a hash to a server and take its answer, which is small."""

from sameboat.transparency.errors import BadInput

LARGEST_ANSWER = 1_000_000
SECONDS = 30


def post(address: str, content: bytes, content_type: str) -> bytes:
    """Return what a server answers to a POST; raises BadInput for silence, for an error and for too much."""
    import httpx

    try:
        with httpx.stream(
            "POST", address, content=content, headers={"Content-Type": content_type}, timeout=SECONDS
        ) as answer:
            if answer.status_code != httpx.codes.OK:
                raise BadInput(f"{address} answered {answer.status_code}; check the address, or try again later")
            data = bytearray()
            for part in answer.iter_bytes():
                data += part
                if len(data) > LARGEST_ANSWER:
                    raise BadInput(f"{address} answered with more than any receipt has; check the address")
            return bytes(data)
    except httpx.InvalidURL as error:
        raise BadInput(f"{address} is not an address: {error}") from error
    except httpx.HTTPError as error:
        raise BadInput(f"{address} did not answer ({type(error).__name__}); try again later") from error
