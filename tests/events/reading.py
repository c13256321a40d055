"""How these tests read answers."""

from django.http.response import HttpResponseBase
from django.test import Client


def text_of(client: Client, path: str, status: int = 200) -> str:
    """The page at the address, with single spaces."""
    response = client.get(path)
    assert response.status_code == status
    return " ".join(response.content.decode().split())


def in_order(text: str, *parts: str) -> bool:
    """Whether each part stands somewhere after the one before."""
    rest = text
    for part in parts:
        _, found, rest = rest.partition(part)
        if not found:
            return False
    return True


def body_of(response: HttpResponseBase) -> bytes:
    """The whole answer; a file that is handed over is closed by reading it to its end."""
    return b"".join(response.streaming_content) if response.streaming else response.content
