"""The API's description as committed and compared: stable order, one line a value."""

import json

from litestar import Litestar


def render(api: Litestar) -> str:
    """OpenAPI 3.1 as JSON with sorted keys, so that two renderings compare line by line."""
    return (
        json.dumps(api.openapi_schema.to_schema(), indent=1, sort_keys=True, ensure_ascii=False)
        + "\n"
    )
