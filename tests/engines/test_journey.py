"""The main job on other engines: joined, reported in the dark, killed, sent, asked, answered.

As `tests/e2e/test_journey.py`, of which this is the resident's half; the officer is a plain client.
In WebKit she speaks Vietnamese, in Firefox Persian.
"""

import os
import time
import uuid
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest

from backend import db
from backend.accounts.codes import hash_token, new_token
from backend.accounts.service import write_invitation_unchecked
from backend.demo.load import demo_id
from tests.bench.wire import WiredStack
from tests.e2e.stack import running_stack
from tests.e2e.test_journey import (
    CASTS,
    LAMP,
    Words,
    like,
    neighbourhood_of,
    photos_are_what_the_phone_sent,
    photos_ready,
    report_row,
    snapshot,
    until,
)
from tests.engines.conftest import put_away
from tests.engines.driving import Browser, WebKit
from tests.engines.screen import STORE, Screen

pytestmark = pytest.mark.engines


@pytest.fixture(scope="module")
async def stack(database_url: str) -> AsyncIterator[WiredStack]:
    """Server and worker behind a line that can be cut."""
    var = Path(os.environ["KHUPHO_VAR_DIR"])
    async with running_stack(WiredStack, database_url, var) as running:
        yield running


async def ask(stack: WiredStack, officer: str, report_id: str, question: str) -> None:
    """The department asks; the clock stands still until she answers."""
    token = new_token()
    await db.execute(
        """INSERT INTO session (id, account_id, token_hash, label, expires_at)
           VALUES ($1, $2, $3, 'desk', $4)""",
        uuid.uuid4(),
        demo_id("account", officer),
        hash_token(token),
        datetime.now(UTC) + timedelta(days=1),
    )
    async with httpx.AsyncClient(base_url=f"http://localhost:{stack.port}") as client:
        answer = await client.put(
            f"/api/reports/{report_id}/messages/{uuid.uuid4()}",
            json={"text": question, "question": True},
            headers={"cookie": f"khupho={token}"},
        )
    assert answer.status_code == 201, answer.text


async def test_a_report_from_the_dark_street_survives_the_battery_and_is_answered(
    engine: type[Browser], stack: WiredStack, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    cast = CASTS["vi" if engine is WebKit else "fa"]
    words = Words(cast.language)
    home = await neighbourhood_of(cast.head)
    invitation = await write_invitation_unchecked(
        uuid.uuid4(), area_id=home.id, role="resident", scope_id=home.id
    )
    photos = []
    for number in (1, 2):
        photos.append(tmp_path / f"photo-{number}.jpg")
        photos[-1].write_bytes(snapshot(number))
    browser = engine(tmp_path / "phone", cast.language, home.lat, home.lon)
    screen = Screen(browser)
    begun = time.monotonic()
    try:
        await browser.start()
        await browser.goto(f"{stack.url}/join#{invitation.url.partition('#')[2]}")
        await screen.fill(words("Your name"), cast.name)
        await screen.press("button", words("Agree and join"))
        await screen.holds("return location.pathname === '/';", "she is in")
        assert await browser.run("return document.documentElement.dir;") == (
            "rtl" if cast.language == "fa" else "ltr"
        )
        await screen.holds(
            "return navigator.serviceWorker.controller?.state === 'activated';",
            "the phone holds the whole app",
        )
        await screen.holds(STORE, "what the ward offers is on the phone", "categories", "count")
        await browser.close()

        # No line from here on: a cold start, two photos, four screens, no word typed.
        stack.wire.cut()
        await browser.start()
        await browser.goto(f"{stack.url}/")
        await screen.press("link", words("Report"))
        for number, photo in enumerate(photos, start=1):
            await screen.choose("input[type=file][capture]", [photo])
            name = words("Photo {number} of {total}", number=number, total=number)
            await screen.find("picture", name)
        await screen.press("button", words("Next"))
        exact = words("Exact to about {distance}. Is the pin right? If not, move the map.")
        await screen.reads(like(exact))
        await screen.press("button", words("Next"))
        await screen.press("button", LAMP[cast.language], whole=False)
        await screen.press("button", words("Send"))
        await screen.find("heading", words("Saved on this phone. It will send by itself."))
        report_id = str(await browser.run("return location.href.split('sent=')[1];"))

        # "Saved" is a promise: the battery is flat in the same moment.
        await browser.kill()
        await browser.start()
        await browser.goto(f"{stack.url}/mine")
        await screen.press("link", LAMP[cast.language], whole=False)
        await screen.holds("return location.pathname.includes(given[0]);", "its page", report_id)
        assert await report_row(report_id) is None
        assert await browser.run(STORE, "photos", "count") == 2

        # There is signal again, and nobody does anything.
        back = time.monotonic()
        await stack.wire.connect()
        await until(lambda: report_row(report_id), "the report arrives by itself", 45)
        arrived = time.monotonic() - back
        await until(lambda: photos_ready(report_id, 2), "both photos are pictures", 60)
        await photos_are_what_the_phone_sent(report_id)
        await screen.holds(
            STORE.replace("return await new", "return 0 === await new"),
            "the phone lets go of the photos",
            "photos",
            "count",
        )

        # The officer asks; it stands on the open screen, and she answers.
        await ask(stack, cast.officer, report_id, cast.question)
        await screen.reads(cast.question)
        await screen.fill(words("Answer"), cast.answer)
        await screen.press("button", words("Send"))
        await until(lambda: said(report_id, cast.answer), "the answer is with the department")
        took = time.monotonic() - begun
        with capsys.disabled():
            print(
                f"\n{engine.name}: the journey in {took:.0f} s; the report went out by itself "
                f"{arrived:.1f} s after the line was back"
            )
    finally:
        await put_away(browser)


async def said(report_id: str, text: str) -> bool:
    count = await db.fetch_value(
        "SELECT count(*) FROM message WHERE thread_id = $1 AND body = $2",
        uuid.UUID(report_id),
        text,
    )
    return count == 1


def test_the_words_looked_up_exist() -> None:
    """A msgid that nobody has any more would be looked for on the screen in English."""
    names = ("Your name", "Agree and join", "Report", "Next", "Send", "Answer")
    for language in ("vi", "fa"):
        words = Words(language)  # type: ignore[arg-type]
        assert all(words(name) != name for name in names)
