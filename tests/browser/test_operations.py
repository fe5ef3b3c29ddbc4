"""What staff does and sees, from the login to the email that goes out after all."""

import json

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests.runner.running import Running

NAME, PASSWORD = "grace", "right and long"
STATES = ["failed", "failed", "unconfirmed", "unconfirmed", "held", "held", "queued"]
TWINS = "noether@example.org"
LONG = "somebody-with-quite-a-long-name@an-even-longer-domain.example.org"
# One process for all of them: each start of Django takes a second.
SCRIPT = f"""
from django.contrib.auth.models import Group, User
from feedback.models import Delivery, Feedback

def make(state, to, why="550 no such user"):
    _, (email, *_) = Feedback.objects.submit(email=to, message="The door is too heavy.")
    emails = Delivery.objects.filter(pk=email.pk)
    if state == "held":
        emails.update(state=state)
    elif state == "queued":
        emails.update(due_at="2100-01-01T00:00Z", ring_at="2100-01-01T00:00Z")
    else:
        getattr(Delivery.objects.claim(email.pk), "mark_" + state)(why)
    return email.pk

user = User.objects.create_user({NAME!r}, password={PASSWORD!r}, is_staff=True)
user.groups.add(Group.objects.get(name="operator"))
print("pks", *[make(state, f"to{{number}}@example.org") for number, state in enumerate({STATES!r})])
make("unconfirmed", {TWINS!r}, "421 twins")
make("unconfirmed", {TWINS!r}, "421 twins")
make("failed", {LONG!r})
"""
SOON = 15_000  # milliseconds


@pytest.fixture(scope="module")
def emails(site: Running) -> list[str]:
    """Return the ids of emails that stand in STATES, and make staff that may mend them."""
    return site.manage("shell", "-c", SCRIPT).split("pks ")[1].split("\n")[0].split()


@pytest.fixture(scope="module")
def logged_in(emails: list[str], browser: Browser, base_url: str) -> str:
    """Return what a browser keeps of a login, so that not every test has to type."""
    context = browser.new_context(base_url=base_url)
    page = context.new_page()
    login(page)
    kept = json.dumps(context.storage_state())
    context.close()
    return kept


@pytest.fixture
def operations(logged_in: str, context: BrowserContext, page: Page) -> Page:
    context.add_cookies(json.loads(logged_in)["cookies"])
    page.goto("/operations/")
    return page


def login(page: Page) -> None:
    page.goto("/operations/")
    page.get_by_label("Username").fill(NAME)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Log in").click()
    page.wait_for_url("**/operations/")


def article(page: Page, pk: str) -> None:
    """Show one email alone."""
    page.goto(f"/operations/?id={pk}")


def press(page: Page, label: str) -> None:
    page.get_by_role("link", name=f"{label}…").last.click()
    page.get_by_role("button", name=label, exact=True).click()


def test_staff_logs_in_and_reads_that_mail_flows(page: Page, emails: list[str]) -> None:
    login(page)
    expect(page.get_by_label("Is mail flowing").get_by_text("Emails go out as they come in.")).to_be_visible()


def test_the_numbers_renew_themselves(operations: Page, site: Running, complaints: list[str]) -> None:
    loads: list[str] = []
    operations.on("domcontentloaded", lambda _: loads.append(operations.url))
    before = int(operations.locator("#tile-sent").inner_text())
    site.send_feedback()
    expect(operations.locator("#tile-sent")).not_to_have_text(str(before), timeout=SOON)
    assert not loads
    assert not complaints


@pytest.mark.parametrize(
    ("number", "label", "told", "after"),
    [
        (0, "Send again", "1 email queued to be sent again.", "sent"),
        (2, "Send again", "1 email queued to be sent again.", "sent"),
        (3, "Mark as sent", "1 email marked as sent.", "sent"),
        (4, "Release", "1 email released.", "sent"),
        (5, "Mark as spam", "1 email marked as spam.", "failed"),
        (6, "Cancel", "1 email cancelled.", "failed"),
    ],
)
def test_a_button_asks_does_it_and_says_so(
    operations: Page, emails: list[str], number: int, label: str, told: str, after: str, complaints: list[str]
) -> None:
    article(operations, emails[number])
    expect(operations.locator("article .badge")).to_have_text(STATES[number])
    press(operations, label)
    expect(operations.get_by_text(told)).to_be_visible()
    expect(operations.locator(".record")).to_contain_text(f"{label}: 1 of 1 email")
    article(operations, emails[number])
    expect(operations.locator("article .badge")).to_have_text(after, timeout=SOON)
    operations.get_by_text("History").click()
    expect(operations.locator(".history")).to_contain_text(f"by {NAME}")
    assert not complaints


def test_what_is_sent_again_arrives(operations: Page, site: Running, emails: list[str]) -> None:
    article(operations, emails[1])
    press(operations, "Send again")
    article(operations, emails[1])
    expect(operations.locator("article .badge")).to_have_text("sent", timeout=SOON)
    assert [mail for mail in site.mails() if "X-Envelope-To: to1@example.org" in mail]


def test_all_that_fit_a_filter_are_mended_at_once(operations: Page) -> None:
    operations.get_by_label("State", exact=True).select_option("unconfirmed")
    operations.get_by_label("The server said").fill("twins")
    operations.get_by_role("button", name="Show").click()
    operations.get_by_role("link", name="Mark as sent…").first.click()
    operations.get_by_role("button", name="Mark as sent").click()
    expect(operations.get_by_text("2 emails marked as sent.")).to_be_visible()
    expect(operations.get_by_text("No email fits this filter.")).to_be_visible()


def test_sending_is_paused_and_resumed(operations: Page, site: Running) -> None:
    operations.get_by_role("link", name="Pause all sending…").click()
    operations.get_by_role("button", name="Pause").click()
    expect(operations.get_by_text("Paused", exact=True)).to_be_visible()
    status = site.send_feedback()
    operations.wait_for_timeout(4000)
    assert 'data-status="queued"' in site.get(status)[1]
    expect(operations.locator(".sentence")).to_contain_text("emails wait and nothing is lost.")
    operations.get_by_role("link", name="Resume sending…").click()
    operations.get_by_role("button", name="Resume").click()
    expect(operations.get_by_text("Flowing")).to_be_visible()
    expect(operations.locator("#tile-queued")).to_have_text("0", timeout=SOON)


def test_a_logout_elsewhere_brings_the_login_and_not_half_a_page(operations: Page) -> None:
    operations.context.clear_cookies()
    operations.wait_for_url("**/admin/login/**", timeout=SOON)


def test_a_server_that_is_gone_leaves_no_green_page(operations: Page) -> None:
    note = operations.locator("#operations-now .out-of-touch")
    verdict = operations.locator(".verdict strong")
    expect(note).to_be_hidden()
    green = verdict.evaluate("word => getComputedStyle(word).color")
    operations.context.set_offline(True)
    expect(note).to_contain_text("this is how it was, not how it is", timeout=SOON)
    expect(verdict).not_to_have_css("color", green)
    operations.context.set_offline(False)
    expect(note).to_be_hidden(timeout=SOON)


@pytest.mark.parametrize(
    ("page_", "button", "told"),
    [
        ("do/resend/?id=1", "Send again", "1 email queued to be sent again."),
        ("digest/", "Send it", "1 email queued, one for each owner."),
        ("pause/", "Pause", "All sending is paused."),
        ("resume/", "Resume", "Sending goes on."),
    ],
)
def test_a_double_click_does_it_once_and_says_what_was_done(
    operations: Page, page_: str, button: str, told: str
) -> None:
    operations.goto(f"/operations/{page_}")
    records = operations.request.get("/operations/").text().count("<strong>grace</strong>")
    sent: list[str] = []
    operations.on("request", lambda request: sent.append(request.url) if request.method == "POST" else None)
    operations.get_by_role("button", name=button, exact=True).dblclick()
    expect(operations.get_by_role("status").filter(has_text=told)).to_be_visible()
    assert len(sent) == 1
    assert operations.locator(".record li").count() == min(records + 1, 10)


@pytest.mark.parametrize("width", [320, 1280])
def test_nothing_is_wider_than_the_screen(operations: Page, width: int) -> None:
    operations.set_viewport_size({"width": width, "height": 800})
    operations.goto("/operations/")
    expect(operations.get_by_text(LONG)).to_be_visible()
    assert operations.evaluate("document.documentElement.scrollWidth") <= width


@pytest.mark.parametrize("page_", ["", "pause/", "do/resend/?state=failed"])
def test_everybody_can_use_the_page(operations: Page, page_: str) -> None:
    operations.goto(f"/operations/{page_}")
    found = Axe().run(operations)
    assert found.violations_count == 0, found.generate_report()


def test_an_email_is_previewed_as_it_goes_out(operations: Page, complaints: list[str]) -> None:
    operations.goto("/admin/feedback/delivery/?kind__exact=notification")
    operations.locator("#result_list tbody th a").first.click()
    expect(operations.get_by_text("auto-generated")).to_be_visible()
    frame = operations.frame_locator("iframe")
    expect(frame.get_by_text("An answer to this email goes to the person who wrote.")).to_be_visible()
    assert not complaints


def test_an_email_can_be_read_in_a_dark_admin(operations: Page, emails: list[str]) -> None:
    operations.emulate_media(color_scheme="dark")
    operations.goto(f"/admin/feedback/delivery/{emails[0]}/change/")
    words = operations.frame_locator("iframe").locator("p").first
    expect(words).to_be_visible()
    assert words.evaluate("p => getComputedStyle(p).color") == "rgb(255, 255, 255)"
    ground = operations.locator("iframe").evaluate("frame => getComputedStyle(frame).backgroundColor")
    assert ground == "rgba(0, 0, 0, 0)"  # none, so that the browser's own dark one is seen


def test_a_person_is_erased_after_a_question(operations: Page) -> None:
    operations.goto("/admin/feedback/feedback/")
    operations.get_by_role("row").filter(has_text=LONG).get_by_role("checkbox").check()
    operations.locator("select[name=action]").select_option("Erase all data of these people…")
    operations.get_by_role("button", name="Run").or_(operations.get_by_role("button", name="Go")).click()
    expect(operations.get_by_text("This cannot be undone.")).to_be_visible()
    operations.get_by_role("button", name="Erase them").click()
    expect(operations.get_by_text("Erased: 1 feedback, 2 emails")).to_be_visible()
    expect(operations.get_by_text(LONG)).to_have_count(0)


def test_a_digest_goes_to_the_owners(operations: Page, site: Running) -> None:
    operations.get_by_role("link", name="Send the owners a digest now…").click()
    operations.get_by_role("button", name="Send it").click()
    expect(operations.get_by_text("1 email queued, one for each owner.")).to_be_visible()
    operations.goto("/mailbox/")
    expect(operations.get_by_role("link", name="messages").first).to_be_visible(timeout=SOON)
    operations.get_by_role("link", name="messages").first.click()
    expect(operations.frame_locator("iframe").get_by_role("img")).to_be_visible()
