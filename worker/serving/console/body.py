"""How long a form may be: it is read into memory, or onto the disk, of a machine of others."""

from __future__ import annotations

from typing import Final

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.types import Message

SIGN_IN_BYTES: Final = 16_384
FORM_BYTES: Final = 1_048_576
UPLOAD_BYTES: Final = 64 * 1_048_576
TOO_LONG: Final = 413


def bounded(request: Request, most: int) -> Request:
    """The request; reading its body fails once it is longer than `most` bytes.

    What the client says of the length is not relied on: it need not say anything.

    Raises:
        HTTPException: 413, while the body is read.
    """
    left = most

    async def receive() -> Message:
        nonlocal left
        message = await request.receive()
        left -= len(message.get("body", b""))
        if left < 0:
            raise HTTPException(TOO_LONG, f"A form may have at most {most:,} bytes here.")
        return message

    return Request(request.scope, receive)


def is_upload(request: Request) -> bool:
    """Whether files may come with the form; every other kind of form is held in memory."""
    return request.headers.get("content-type", "").lower().startswith("multipart/form-data")
