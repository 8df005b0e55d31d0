"""WCAG 2.2 AA as far as a program can see, in both colour schemes, by keyboard, and with odd needs."""

import pytest
from selenium.webdriver.common.keys import Keys

from tests.browser.browser import Browser

PAGES = ("/", "/browse/", "/browse/birds/", "/browse/many/", "/browse/one.jpg", "/browse/one.jpg?width=50&round=50%25")
OPEN_ALL = "document.querySelectorAll('details').forEach(one => { one.removeAttribute('name'); one.open = true; })"


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("path", PAGES)
class TestContrast:
    def test_text_and_fields_stand_out(self, browser: Browser, path: str, scheme: str) -> None:
        browser.media(scheme)
        browser.open(path)
        browser.run(OPEN_ALL)
        assert browser.check("faintText") == []
        assert browser.check("faintFields") == []

    def test_ground_follows_the_scheme(self, browser: Browser, path: str, scheme: str) -> None:
        browser.media(scheme)
        browser.open(path)
        light = browser.run("return getComputedStyle(document.documentElement).backgroundColor")
        brightness = sum(int(part) for part in light.removeprefix("rgb(").removesuffix(")").split(","))
        assert (brightness > 380) == (scheme == "light")


@pytest.mark.parametrize("path", PAGES)
class TestStructure:
    def test_everything_has_a_name(self, browser: Browser, path: str) -> None:
        browser.open(path)
        assert browser.check("nameless") == []
        assert browser.check("unclearLinks") == []
        assert browser.check("picturesWithoutAlt") == []

    def test_headings_and_landmarks(self, browser: Browser, path: str) -> None:
        browser.open(path)
        assert browser.check("structureFaults") == []

    def test_targets_are_large_enough(self, browser: Browser, path: str) -> None:
        browser.open(path)
        browser.run(OPEN_ALL)
        assert browser.check("smallTargets") == []


def test_error_page_is_accessible_too(browser: Browser) -> None:
    for scheme in ("light", "dark"):
        browser.media(scheme)
        browser.open("/browse/none/")
        assert browser.check("faintText") == []
        assert browser.check("nameless") == []
        assert browser.find("h1").text == "404 Not Found"
    browser.console()  # the browser itself reports the 404


@pytest.mark.parametrize("path", ["/", "/browse/birds/", "/browse/one.jpg"])
def test_focus_is_always_seen(browser: Browser, path: str) -> None:
    browser.open(path)
    for _ in range(40):
        browser.press(Keys.TAB)
        state = browser.check("focusState")
        if state["tag"] in ("BODY", "HTML"):
            break
        assert state["outlined"], state
        assert state["inView"], state
        assert not state["covered"], state


def test_skip_link_comes_first_and_works(browser: Browser) -> None:
    browser.open("/")
    browser.press(Keys.TAB)
    link = browser.driver.switch_to.active_element
    assert link.text == "Skip to content"
    assert link.location["y"] >= 0
    browser.press(Keys.ENTER)
    assert browser.driver.switch_to.active_element.get_attribute("id") == "main"


def tab_to(browser: Browser, selector: str) -> None:
    """Press Tab until the first element of *selector* has the focus."""
    wanted = browser.find(selector)
    for _ in range(80):
        if browser.driver.switch_to.active_element == wanted:
            return
        browser.press(Keys.TAB)
    raise AssertionError(f"no way to {selector} by Tab")


def test_addresses_are_copied_by_keyboard(browser: Browser) -> None:
    browser.open("/")
    tab_to(browser, ".card summary")
    browser.press(Keys.ENTER)
    tab_to(browser, ".card details[open] button.copy")
    browser.press(Keys.SPACE)
    browser.wait(lambda: browser.find("#toast").text)


def test_picture_is_reached_and_changed_by_keyboard(browser: Browser) -> None:
    browser.open("/browse/birds/")
    tab_to(browser, ".card .shot")
    browser.press(Keys.ENTER)
    browser.wait(lambda: browser.driver.current_url.endswith("/browse/birds/four.jpg"))
    tab_to(browser, "#p-width")
    browser.press(Keys.CONTROL + "a" + Keys.NULL, "90")
    browser.wait(lambda: browser.run("return document.getElementById('result').naturalWidth") == 90)


def test_news_reach_those_who_listen(browser: Browser) -> None:
    """Results and faults stand in live regions that are there from the beginning."""
    browser.open("/browse/one.jpg")
    roles = {name: browser.find(f"#{name}").get_attribute("role") for name in ("outcome", "fault", "toast")}
    assert roles == {"outcome": "status", "fault": "alert", "toast": "status"}


def test_nothing_moves_for_those_who_asked(browser: Browser) -> None:
    browser.media(motion="reduce")
    browser.open("/browse/one.jpg")
    moving = browser.run(
        "return [...document.querySelectorAll('*')].filter(one => "
        "parseFloat(getComputedStyle(one).transitionDuration) > 0).length"
    )
    assert moving == 0


def test_larger_text_spacing_cuts_nothing(browser: Browser) -> None:
    """WCAG 1.4.12."""
    browser.resize(1280)
    browser.open("/browse/one.jpg")
    browser.run(
        "const sheet = new CSSStyleSheet(); sheet.replaceSync('* { line-height: 1.5 !important; letter-spacing: .12em "
        "!important; word-spacing: .16em !important; } p { margin-bottom: 2em !important; }'); "
        "document.adoptedStyleSheets = [sheet]"
    )
    assert browser.check("sticksOut") == []


def test_twice_as_large_still_fits(browser: Browser) -> None:
    """WCAG 1.4.4 and 1.4.10: 1280 px at 400 % are 320 px; 200 % text on a narrow window."""
    browser.resize(640)
    browser.open("/")
    browser.run("document.documentElement.style.fontSize = '200%'")
    assert browser.check("sticksOut") == []
