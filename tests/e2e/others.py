"""People a journey only needs the doings of: they act over the line, without a screen."""

import uuid
from dataclasses import dataclass

import httpx

from backend.demo.data import demo_id
from backend.demo.load import DemoPerson
from tests.e2e.stack import Stack
from tests.media.phone import CHUNK, announcement


@dataclass
class Other:
    """Somebody of the demo, signed in."""

    client: httpx.AsyncClient

    async def put(self, path: str, body: dict[str, object]) -> dict[str, object]:
        answer = await self.client.put(path, json=body)
        assert answer.is_success, answer.text
        found: dict[str, object] = answer.json()
        return found

    async def get(self, path: str) -> dict[str, object]:
        answer = await self.client.get(path)
        assert answer.is_success, answer.text
        found: dict[str, object] = answer.json()
        return found

    async def report(
        self, category: str, lat: float, lon: float, country: str = "VN", **more: object
    ) -> str:
        """Sends a report; returns its id."""
        report_id = str(uuid.uuid4())
        body = {
            "category_id": str(demo_id("category", country, category)),
            "lat": lat,
            "lon": lon,
            "located_by": "map",
            **more,
        }
        await self.put(f"/api/reports/{report_id}", body)
        return report_id

    async def upload(self, data: bytes, content_type: str) -> None:
        """The bytes of a file that a report or message names."""
        made = await self.client.post("/api/uploads", headers=announcement(data, content_type))
        assert made.is_success, made.text
        answer = await self.client.patch(
            made.headers["location"], headers={**CHUNK, "Upload-Offset": "0"}, content=data
        )
        assert answer.is_success, answer.text

    async def move(self, report_id: str, to: str, **more: object) -> None:
        await self.put(f"/api/reports/{report_id}/moves/{uuid.uuid4()}", {"to": to, **more})

    async def state_of(self, report_id: str) -> object:
        found = (await self.get(f"/api/reports/{report_id}"))["report"]
        assert isinstance(found, dict)
        return found["state"]


async def somebody(stack: Stack, key: str) -> Other:
    """Signs in a demo person, e.g. `vn-officer-lighting`; closed with the test's loop."""
    client = httpx.AsyncClient(base_url=stack.url, timeout=30)
    code = (await stack.join_link(key)).partition("#")[2]
    person: DemoPerson | None = stack.people.get(str(demo_id("account", key)))
    answer = await client.put(
        f"/api/sessions/{uuid.uuid4()}",
        json={
            "code": code,
            "name": person.name if person else key,
            "language": "vi",
            "consent_version": 1,
            "label": "test",
        },
    )
    assert answer.is_success, answer.text
    return Other(client)
