"""The head of a neighbourhood."""

from tests.e2e.tour.visits import Visit, screen
from tests.e2e.walking import holds


@screen("head", "head", "home")
async def _(visit: Visit) -> None:
    await visit.goto("/")


@screen("head", "head", "queue")
async def _(visit: Visit) -> None:
    await visit.goto("/head")
    await visit.page.locator("main article").wait_for()


@screen("head", "head", "queue-hide")
async def _(visit: Visit) -> None:
    await visit.button("Do not show").click()
    await visit.page.locator("dialog[open]").wait_for()


@screen("head", "head", "queue-more")
async def _(visit: Visit) -> None:
    await visit.page.keyboard.press("Escape")
    await visit.button("More").click()
    await visit.page.locator("dialog[open]").wait_for()


@screen("head", "head", "report-page-correct")
async def _(visit: Visit) -> None:
    await visit.goto_report("lamp")
    await visit.button("Correct kind or place").click()
    await visit.page.locator("dialog[open] textarea").wait_for()


@screen("head", "head", "reports")
async def _(visit: Visit) -> None:
    await visit.goto("/head")
    await visit.page.locator("main [role=group] button").nth(2).click()
    await visit.page.locator("main ol li").first.wait_for()


@screen("head", "head", "report-page")
async def _(visit: Visit) -> None:
    await visit.goto_report("pothole")


@screen("head", "head", "report-page-do-not-take-on")
async def _(visit: Visit) -> None:
    await visit.goto_report("lamp")
    await visit.button("Do not take on").click()
    await visit.page.locator("dialog[open]").wait_for()


@screen("head", "head", "report-page-join")
async def _(visit: Visit) -> None:
    await visit.goto_report("lamp")
    await visit.button("Join with another report").click()
    await visit.page.locator("dialog[open]").wait_for()


@screen("head", "head", "invitations")
async def _(visit: Visit) -> None:
    await visit.goto("/head/invitations")
    await holds(visit.page, "document.querySelector('main h2') !== null")


@screen("head", "head", "invitation-new")
async def _(visit: Visit) -> None:
    await visit.button("New invitation").click()
    await visit.page.locator("dialog[open]").wait_for()


@screen("head", "head", "invitation-paper")
async def _(visit: Visit) -> None:
    await visit.button("Make the invitation", visit.page.get_by_role("dialog")).click()
    await visit.page.locator(".invitation-paper").wait_for()


@screen("head", "head", "me")
async def _(visit: Visit) -> None:
    await visit.goto("/me")
