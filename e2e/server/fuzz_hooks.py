"""What the fuzzer must know beyond the OpenAPI document."""

import schemathesis


@schemathesis.serializer("application/offset+octet-stream")
def tus_bytes(ctx, value):
    """The body of a tus PATCH: bytes as they are."""
    return value if isinstance(value, bytes) else str(value).encode()
