"""The place of a report, on a phone whose screen changes under one's fingers."""

from pathlib import Path

import pytest
from playwright.async_api import Playwright, expect

from tests.e2e.stack import Stack
from tests.e2e.tour import visiting
from tests.e2e.walking import from_store, word

pytestmark = pytest.mark.e2e


async def test_opening_the_keyboard_does_not_move_the_pin(
    stack: Stack, playwright: Playwright, tmp_path: Path
) -> None:
    async with visiting(playwright, stack, tmp_path, "mai", "en", 360) as visit:
        page = visit.page
        await visit.goto("/report")
        await visit.button("Go on without a photo").click()
        exact = word("en", "Exact to about {distance}. Is the pin right? If not, move the map.")
        status = page.get_by_text(exact.partition("{")[0])
        await expect(status).to_be_visible()
        await page.set_viewport_size({"width": 360, "height": 420})
        await page.set_viewport_size({"width": 740, "height": 360})
        await page.get_by_label(word("en", "The place in words")).fill("School gate")
        await visit.button("Next").click()
        await page.get_by_role("button", name="Street lighting").wait_for()
        drafts = await from_store(page, "drafts", "getAll()")
        assert isinstance(drafts, list)
        (draft,) = drafts
        assert draft["address"] == "School gate"
        assert (draft["located_by"], draft["accuracy_m"]) == ("gps", 12)
        assert (draft["lat"], draft["lon"]) == pytest.approx(
            (visit.phone.latitude, visit.phone.longitude), abs=1e-6
        )
