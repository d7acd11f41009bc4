"""Default deny, the committed description, and no 5xx whatever is sent."""

import json
import re
import uuid
from pathlib import Path

import pytest
from litestar import Litestar, get

from backend.app import create_api
from backend.openapi import render
from backend.requests import RouteWithoutPolicy, require_policies
from backend.settings import get_settings
from tests.conftest import World

ROOT = Path(__file__).resolve().parents[2]
PUBLIC = {
    ("GET", "/api/config"),
    ("GET", "/healthz"),
    ("GET", "/metrics"),
    ("PUT", "/api/sessions/{session_id}"),
    ("POST", "/api/invitations/preview"),
    ("PUT", "/api/guests/sessions/{session_id}"),
    ("GET", "/api/guests/wards/{ward_id}"),
    ("OPTIONS", "/api/uploads"),
}
"""All that a stranger may try, by decision."""

FRAMEWORK = ("/api/openapi.json", "/api/description")


def routes(api: Litestar) -> list[tuple[str, str]]:
    found = []
    for route in api.routes:
        path = re.sub(r"\{(\w+):\w+\}", r"{\1}", route.path)
        for handler in getattr(route, "route_handlers", ()):
            if not path.startswith(FRAMEWORK):
                found += [(method, path) for method in handler.http_methods]
    return sorted(set(found))


async def test_every_route_but_the_public_ones_refuses_nobody(world: World, api: Litestar) -> None:
    tried = 0
    for method, template in routes(api):
        if (method, template) in PUBLIC or template == "/api/openapi.json" or method == "OPTIONS":
            continue
        path = re.sub(r"\{\w+\}", str(uuid.uuid4()), template)
        headers = {"Tus-Resumable": "1.0.0"}
        answer = await world.nobody.client.request(method, path, json={}, headers=headers)
        assert answer.status_code == 401, (method, template, answer.text)
        if method != "HEAD":
            assert answer.json()["code"] == "signed_out"
        tried += 1
    assert tried >= 20


async def test_no_route_answers_5xx_to_any_person_with_nonsense(
    world: World, api: Litestar
) -> None:
    nonsense: list[bytes] = [
        b"",
        b"{",
        b'{"lat": 1e999}',
        b"[" * 5000,
        b'"\xff\xfe"',
        b"null",
        b'{"a": "' + b"x" * 100_000 + b'"}',
    ]
    people = (world.alice, world.bang, world.chi, world.dariush, world.farid, world.gita)
    for method, template in routes(api):
        if template in {"/api/events", "/healthz"} or method == "OPTIONS":
            continue
        for number, body in enumerate(nonsense):
            person = people[number % len(people)]
            # A fresh, unknown id; one's own session must survive the walk.
            path = re.sub(r"\{\w+\}", str(uuid.uuid4()), template)
            answer = await person.client.request(
                method, path, content=body, headers={"Content-Type": "application/json"}
            )
            assert answer.status_code < 500, (method, template, body[:20], answer.text)
            if answer.status_code >= 400 and method != "HEAD":
                assert answer.headers["content-type"] == "application/problem+json", template
                problem = answer.json()
                assert {"type", "title", "status", "detail", "code"} <= problem.keys()


async def test_foreign_and_missing_things_look_the_same_byte_for_byte(world: World) -> None:
    report_id = str(uuid.uuid4())
    sent = await world.alice.put(
        f"/api/reports/{report_id}",
        {
            "category_id": str(world.categories["lamp"]),
            "lat": world.lat,
            "lon": world.lon,
            "accuracy_m": 5,
            "located_by": "gps",
            "photos": [],
        },
    )
    assert sent.status_code == 201
    for person in (world.dariush, world.emine):
        foreign = await person.get(f"/api/reports/{report_id}")
        missing = await person.get(f"/api/reports/{uuid.uuid4()}")
        assert (foreign.status_code, foreign.content) == (missing.status_code, missing.content)
        assert foreign.status_code == 404


def test_an_app_with_a_route_without_policy_does_not_start() -> None:
    @get("/forgotten")
    async def forgotten() -> str:
        return "everybody's"

    with pytest.raises(RouteWithoutPolicy, match="/forgotten"):
        require_policies(Litestar([forgotten], openapi_config=None))


def test_the_committed_description_is_what_the_server_serves() -> None:
    """After a change: `just openapi`."""
    committed = (ROOT / "pwa/src/lib/api/openapi.json").read_text("utf-8")
    assert json.loads(committed) == json.loads(render(create_api(get_settings())))


def test_every_operation_has_a_name_of_its_own() -> None:
    description = json.loads(render(create_api(get_settings())))
    names = [
        operation["operationId"]
        for path in description["paths"].values()
        for method, operation in path.items()
        if method in {"get", "put", "post", "patch", "delete", "head"}
    ]
    assert len(names) == len(set(names))
    assert all(re.fullmatch(r"[a-z][A-Za-z]+", name) for name in names), names


async def test_health_and_figures_answer_anyone(world: World) -> None:
    health = await world.nobody.get("/healthz")
    assert (health.status_code, health.json()["status"]) == (200, "ok")
    figures = (await world.nobody.get("/metrics")).text
    assert "khupho_http_requests_total" in figures
    assert str(world.alice.account_id) not in figures
