"""Departments, dispatcher and leader."""

from tests.e2e.tour.visits import Visit, screen


@screen("officer", "lighting", "inbox")
async def _(visit: Visit) -> None:
    await visit.goto("/desk")
    await visit.page.locator("main ol li").first.wait_for()


@screen("officer", "lighting", "inbox-lists")
async def _(visit: Visit) -> None:
    await visit.page.locator("button.lists").click()
    await visit.page.locator("dialog[open]").wait_for()


@screen("officer", "lighting", "inbox-filter")
async def _(visit: Visit) -> None:
    await visit.page.keyboard.press("Escape")
    await visit.button("Filter").click()
    await visit.page.locator("dialog[open]").wait_for()


@screen("officer", "lighting", "inbox-chosen")
async def _(visit: Visit) -> None:
    await visit.page.keyboard.press("Escape")
    await visit.button("Choose").click()
    for box in await visit.page.locator("[data-report] input[type=checkbox]").all():
        await box.check()


@screen("officer", "lighting", "inbox-hand-over-many")
async def _(visit: Visit) -> None:
    await visit.button("Hand over", visit.page.locator(".bar")).click()
    await visit.page.locator("dialog[open] input[type=radio]").last.check()
    await visit.page.locator("dialog[open] [aria-live] p").first.wait_for()


@screen("officer", "lighting", "inbox-map")
async def _(visit: Visit) -> None:
    await visit.page.keyboard.press("Escape")
    await visit.button("Choose none").click()
    await visit.button("Map").click()
    await visit.page.locator(".map-pin").first.wait_for()


@screen("officer", "lighting", "inbox-keys")
async def _(visit: Visit) -> None:
    await visit.button("Map").click()
    await visit.page.keyboard.press("?")
    await visit.page.locator("dialog[open]").wait_for()


@screen("officer", "lighting", "case-submitted")
async def _(visit: Visit) -> None:
    await visit.goto_report("lamp", desk=True)


@screen("officer", "lighting", "case-accept")
async def _(visit: Visit) -> None:
    await visit.button("Accept").click()
    await visit.page.locator("dialog[open]").wait_for()


@screen("officer", "lighting", "case-question")
async def _(visit: Visit) -> None:
    await visit.page.keyboard.press("Escape")
    await visit.button("Question").click()
    await visit.page.locator("button[aria-pressed=true].question").wait_for()


@screen("officer", "lighting", "case-note")
async def _(visit: Visit) -> None:
    await visit.button("Note").click()
    await visit.page.locator("button[aria-pressed=true].note").wait_for()


@screen("officer", "lighting", "case-more-steps")
async def _(visit: Visit) -> None:
    await visit.button("More steps").click()
    await visit.page.locator("dialog[open]").wait_for()


@screen("officer", "lighting", "case-do-not-take-on")
async def _(visit: Visit) -> None:
    await visit.button("Do not take on", visit.page.locator("dialog[open]")).click()
    await visit.page.locator("dialog[open] textarea").wait_for()


@screen("officer", "lighting", "case-hand-over")
async def _(visit: Visit) -> None:
    await visit.page.keyboard.press("Escape")
    await visit.button("More steps").click()
    await visit.button("Hand over", visit.page.locator("dialog[open]")).click()
    await visit.page.locator("dialog[open] textarea").wait_for()


@screen("officer", "lighting", "case-hand-over-to-nobody")
async def _(visit: Visit) -> None:
    await visit.button("Hand over", visit.page.locator("dialog[open]")).click()
    await visit.page.locator("dialog[open] [role=alert]").first.wait_for()


@screen("officer", "lighting", "case-in-parts")
async def _(visit: Visit) -> None:
    await visit.page.keyboard.press("Escape")
    await visit.goto_report("wires", desk=True)


@screen("officer", "lighting", "case-give-a-part")
async def _(visit: Visit) -> None:
    await visit.button("More steps").click()
    await visit.button("Give others a part", visit.page.locator("dialog[open]")).click()
    await visit.page.locator("dialog[open] input[type=checkbox]").first.check()
    await visit.page.locator("dialog[open] textarea").first.wait_for()


@screen("officer", "lighting", "case-ready-made-replies")
async def _(visit: Visit) -> None:
    await visit.page.keyboard.press("Escape")
    await visit.button("Ready-made").click()
    await visit.page.locator("dialog[open] li").first.wait_for()


@screen("officer", "lighting", "ready-made-replies")
async def _(visit: Visit) -> None:
    await visit.goto("/ward/templates")
    await visit.button("Write a new reply").wait_for()


@screen("officer", "lighting", "ready-made-reply-new")
async def _(visit: Visit) -> None:
    await visit.button("Write a new reply").click()
    await visit.page.locator("main textarea").first.wait_for()


@screen("officer", "roads", "inbox")
async def _(visit: Visit) -> None:
    await visit.goto("/desk")
    await visit.page.locator("main ol li").first.wait_for()


@screen("officer", "roads", "case-in-progress")
async def _(visit: Visit) -> None:
    await visit.goto_report("pothole", desk=True)


@screen("officer", "roads", "case-solved")
async def _(visit: Visit) -> None:
    await visit.button("Solved").click()
    await visit.page.locator("dialog[open] textarea").wait_for()


@screen("officer", "roads", "case-solved-too-little")
async def _(visit: Visit) -> None:
    await visit.button("Solved", visit.page.locator("dialog[open]")).click()
    await visit.page.locator("dialog[open] [aria-invalid=true]").first.wait_for()


@screen("officer", "roads", "case-handed-over")
async def _(visit: Visit) -> None:
    await visit.page.keyboard.press("Escape")
    await visit.goto_report("cover", desk=True)


@screen("officer", "roads", "me")
async def _(visit: Visit) -> None:
    await visit.goto("/me")


@screen("officer", "roads", "updates")
async def _(visit: Visit) -> None:
    await visit.goto("/notifications")


@screen("officer", "roads", "inbox-without-connection")
async def _(visit: Visit) -> None:
    await visit.phone.offline()
    await visit.goto("/desk")
    await visit.page.locator("main ol li").first.wait_for()


@screen("dispatcher", "dispatcher", "inbox")
async def _(visit: Visit) -> None:
    await visit.goto("/desk")
    await visit.page.locator("main ol li").first.wait_for()


@screen("dispatcher", "dispatcher", "call")
async def _(visit: Visit) -> None:
    await visit.goto("/call")
    await visit.page.locator("input[type=tel]").fill("0911" if visit.country == "vn" else "0914")
    await visit.page.locator(".error").first.wait_for()


@screen("dispatcher", "dispatcher", "call-kinds")
async def _(visit: Visit) -> None:
    number = "0911 222 333" if visit.country == "vn" else "0914 222 3333"
    await visit.page.locator("input[type=tel]").fill(number)
    await visit.page.get_by_role("combobox").first.click()
    await visit.page.get_by_role("option").first.wait_for()


@screen("dispatcher", "dispatcher", "call-unfinished")
async def _(visit: Visit) -> None:
    await visit.page.get_by_role("option").first.click()
    await visit.button("Send").click()
    await visit.page.locator("[aria-invalid=true]").first.wait_for()


@screen("dispatcher", "dispatcher", "case")
async def _(visit: Visit) -> None:
    await visit.goto_report("waste", desk=True)


@screen("dispatcher", "dispatcher", "case-join")
async def _(visit: Visit) -> None:
    await visit.goto_report("lamp", desk=True)
    await visit.button("More steps").click()
    await visit.button("Join with another report", visit.page.locator("dialog[open]")).click()
    await visit.page.locator("dialog[open] input[type=search]").wait_for()


@screen("leader", "leader", "inbox")
async def _(visit: Visit) -> None:
    await visit.goto("/desk")
    await visit.page.locator("main ol li").first.wait_for()


@screen("leader", "leader", "case")
async def _(visit: Visit) -> None:
    await visit.goto_report("tree", desk=True)
