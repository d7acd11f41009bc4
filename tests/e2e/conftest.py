"""Fixtures of the journeys: the running product, and phones."""

import os
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest
from playwright.async_api import Playwright, async_playwright, expect

from tests.e2e.stack import Phone, Stack, running_stack


@pytest.fixture(scope="session")
async def stack(database_url: str) -> AsyncIterator[Stack]:
    async with running_stack(Stack, database_url, Path(os.environ["KHUPHO_VAR_DIR"])) as running:
        yield running


@pytest.fixture(scope="session")
async def playwright() -> AsyncIterator[Playwright]:
    async with async_playwright() as running:
        yield running


expect.set_options(timeout=15_000)

SEEN = Path(__file__).resolve().parents[2] / "var" / "e2e"
"""What every phone showed last: the first thing to look at when a journey breaks."""

NewPhone = Callable[..., Awaitable[Phone]]


@pytest.fixture
async def new_phone(
    stack: Stack, playwright: Playwright, tmp_path: Path
) -> AsyncIterator[NewPhone]:
    """`await new_phone("Mai", language="vi", latitude=…)`; closed at the end, errors reported."""
    phones: list[Phone] = []

    async def make(name: str, **options: object) -> Phone:
        phone = Phone(playwright, stack, tmp_path / name, **options)  # type: ignore[arg-type]
        phones.append(phone)
        return phone

    yield make
    for number, phone in enumerate(phones):
        await phone.last_look(SEEN / f"{number}-{phone.profile.name}.png")
        await phone.close()
    errors = [error for phone in phones for error in phone.browser_errors]
    assert errors == []
