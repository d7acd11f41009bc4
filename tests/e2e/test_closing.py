"""After "done": the answer from the notification itself, and what it sets going (`C8`, `C9`)."""

import re

import pytest
from playwright.async_api import Page, expect

from tests.e2e.conftest import NewPhone
from tests.e2e.others import Other, somebody
from tests.e2e.stack import Phone, Stack
from tests.e2e.test_journey import Words, neighbourhood_of, sign_in, state_is, until
from tests.e2e.walking import installed, sent

pytestmark = pytest.mark.e2e

# A touch on a button of the notification. Events made by hand cannot keep a worker alive.
_TOUCH = """async (action) => {
  let notification;
  while (!notification) {
    await new Promise((resolve) => setTimeout(resolve, 50));
    [notification] = await self.registration.getNotifications();
  }
  if (!notification.actions.some((one) => one.action === action)) throw new Error('no such button');
  const event = new NotificationEvent('notificationclick', { notification, action });
  let done = Promise.resolve();
  Object.defineProperty(event, 'waitUntil', { value: (work) => { done = work; } });
  self.dispatchEvent(event);
  await done;
}"""


async def a_lamp_is_called_done(stack: Stack, phone: Phone, page: Page, words: Words) -> str:
    """The person behind `phone` has allowed notifications and reported a lamp."""
    await page.goto(f"{stack.url}/me")
    await words.button(page, "Turn on").click()
    await expect(words.button(page, "Turn off")).to_be_visible()
    await sent(page)
    home = await neighbourhood_of("vn-mai")
    assert home.lat is not None
    assert home.lon is not None
    mai = await somebody(stack, "vn-mai")
    report_id = await mai.report("street_light", home.lat, home.lon)
    await mai.client.aclose()
    officer = await somebody(stack, "vn-officer-lighting")
    bulb = {"sha256": "b" * 64, "bytes": 1000, "type": "image/jpeg"}
    for to in ("accepted", "in_progress", "resolved"):
        await officer.move(report_id, to, text="Đã thay bóng mới.", photos=[bulb])
    await officer.client.aclose()
    return report_id


async def it_is_asked(stack: Stack, phone: Phone, page: Page) -> None:
    """The push about the result stands in the shade, with its two answers; the app is closed."""
    await page.goto("about:blank")
    pushes = await stack.push.messages_for(phone.subscriptions[-1], 1)
    asking = [push for push in pushes if b'"resolved"' in push.payload]
    while not asking:
        pushes = await stack.push.messages_for(phone.subscriptions[-1], len(pushes) + 1)
        asking = [push for push in pushes if b'"resolved"' in push.payload]
    await phone.stop_worker()
    await phone.receive_push(asking[-1])


async def touch(phone: Phone, action: str) -> None:
    assert phone.context is not None
    worker = await until(lambda: _running(phone), "the worker runs")
    await worker.evaluate(_TOUCH, action)  # type: ignore[attr-defined]


async def _running(phone: Phone) -> object:
    assert phone.context is not None
    return phone.context.service_workers[-1] if phone.context.service_workers else None


async def test_a_resident_confirms_from_the_notification_with_the_app_closed_and_rates_it(
    stack: Stack, new_phone: NewPhone
) -> None:
    words = Words("vi")
    phone = await new_phone("mai", language="vi")
    page = await sign_in(phone, words, await stack.join_link("vn-mai"))
    await installed(page)
    report_id = await a_lamp_is_called_done(stack, phone, page, words)
    await it_is_asked(stack, phone, page)
    await touch(phone, "fixed")
    await until(lambda: state_is(report_id, "closed"), "closed from the notification")

    # Opened later, it asks how it went: one tap on a number, a word if she likes.
    await page.goto(f"{stack.url}/reports/{report_id}")
    await expect(page.get_by_text(words("You said: it is fixed."))).to_be_visible()
    await page.get_by_role("radio", name=f"4 {words('Good')}", exact=True).check()
    await page.get_by_label(re.compile(words("A word about it"))).fill("Nhanh, cảm ơn tổ điện.")
    await words.button(page, "Send").click()
    rated = words("You said how it went: {stars} of 5.", stars="4")
    await expect(page.get_by_text(rated)).to_be_visible()
    await sent(page)
    desk_phone = await new_phone("officer", language="vi", width=1280, height=800)
    desk = await sign_in(desk_phone, words, await stack.join_link("vn-officer-lighting"))
    await desk.goto(f"{stack.url}/desk/{report_id}")
    said = words("The reporter said how it went: {stars} of 5.", stars="4")
    await expect(desk.get_by_text(said)).to_be_visible()
    await expect(desk.get_by_text("Nhanh, cảm ơn tổ điện.")).to_be_visible()


async def test_a_dispute_without_signal_reopens_it_and_the_dispatcher_sees_it(
    stack: Stack, new_phone: NewPhone
) -> None:
    words = Words("vi")
    phone = await new_phone("khoi", language="vi")
    page = await sign_in(phone, words, await stack.join_link("vn-mai"))
    await installed(page)
    dispatcher_phone = await new_phone("dispatcher", language="vi", width=1280, height=800)
    dispatcher = await sign_in(dispatcher_phone, words, await stack.join_link("vn-dispatcher"))
    report_id = await a_lamp_is_called_done(stack, phone, page, words)
    await it_is_asked(stack, phone, page)
    # Emulated silence does not reach a worker: the server is away for everybody.
    stack.kill("serve")
    await touch(phone, "not-fixed")
    stack.start("serve")
    await stack.answering()
    dispatcher_phone.browser_errors.clear()
    other: Other = await somebody(stack, "vn-dispatcher")
    assert await other.state_of(report_id) == "resolved"
    await page.goto(f"{stack.url}/reports/{report_id}")
    await until(lambda: state_is(report_id, "disputed"), "disputed once there is a line")
    await expect(page.get_by_text(words("You said: it is not fixed."))).to_be_visible()

    await dispatcher.goto(f"{stack.url}/notifications")
    told = dispatcher.get_by_text(words("The reporter said: it is not fixed."))
    await expect(told.first).to_be_visible()
    await dispatcher.goto(f"{stack.url}/desk/{report_id}")
    reopened = words("The reporter says it is not fixed")
    await expect(dispatcher.get_by_text(reopened).first).to_be_visible()
    found = await other.get(f"/api/reports/{report_id}")
    assert found["report"]["disputes"] == 1  # type: ignore[index]
    await other.client.aclose()
