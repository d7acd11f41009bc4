"""How a write is answered."""

from typing import TypeVar

from litestar import Response

Content = TypeVar("Content")


def made(found: tuple[Content, bool]) -> Response[Content]:
    """What a service made just now is answered by 201, what it had made before by 200.

    Args:
        found: what is answered, and whether it is new.
    """
    content, fresh = found
    return Response(content, status_code=201 if fresh else 200)
