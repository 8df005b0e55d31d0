"""The first page and folders in a browser: pictures that are really there, addresses that can be copied."""

import pytest
from selenium.webdriver.common.keys import Keys

from tests.browser.browser import Browser

WIDTHS = (320, 768, 1280, 2560)
PAGES = ("/", "/browse/birds/", "/browse/many/", "/browse/one.jpg")
HIDE_CLIPBOARD = "Object.defineProperty(Navigator.prototype, 'clipboard', {value: undefined})"


def scroll_through(browser: Browser) -> None:
    """Bring everything into view once, so that lazy pictures load."""
    steps = browser.run("return Math.ceil(document.documentElement.scrollHeight / innerHeight)")
    for step in range(steps + 1):
        browser.run("scrollTo(0, arguments[0] * innerHeight)", step)
        browser.wait(lambda: browser.run("return document.readyState") == "complete")


class TestPictures:
    @pytest.mark.parametrize(("path", "count"), [("/", 4), ("/browse/birds/", 2), ("/browse/many/", 60)])
    def test_thumbnails_load(self, browser: Browser, path: str, count: int) -> None:
        browser.open(path)
        assert len(browser.find_all(".card img")) >= count
        scroll_through(browser)
        browser.wait(lambda: browser.check("unloadedPictures", ".card img") == [])

    def test_thumbnails_far_below_wait(self, browser: Browser) -> None:
        browser.resize(320, 600)
        browser.open("/browse/many/")
        browser.wait(lambda: browser.run("return document.querySelector('.card img').complete"))
        last = browser.find_all(".card img")[-1]
        assert not browser.run("return arguments[0].complete && arguments[0].naturalWidth > 0", last)

    def test_showcase_loads_at_the_size_announced(self, browser: Browser) -> None:
        browser.open("/")
        browser.wait(lambda: browser.check("unloadedPictures", ".showcase img") == [])
        for image in browser.find_all(".showcase img"):
            natural = browser.run("return [arguments[0].naturalWidth, arguments[0].naturalHeight]", image)
            assert natural == [int(str(image.get_attribute(name))) for name in ("width", "height")]

    def test_nothing_moves_while_they_come(self, browser: Browser) -> None:
        browser.command("Network.setCacheDisabled", cacheDisabled=True)
        for path in PAGES:
            browser.open(path)
            browser.wait(lambda: browser.run("return document.readyState") == "complete")
            assert browser.check("layoutShift") <= 0.02, path

    def test_nothing_is_asked_of_others(self, browser: Browser) -> None:
        for path in PAGES:
            browser.open(path)
            browser.wait(lambda: browser.run("return document.readyState") == "complete")
            assert browser.check("foreignRequests") == []


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("path", PAGES)
def test_nothing_sticks_out(browser: Browser, path: str, width: int) -> None:
    browser.resize(width)
    browser.open(path)
    assert browser.check("sticksOut") == []
    browser.run(
        "document.querySelectorAll('details').forEach(one => { one.removeAttribute('name'); one.open = true; })"
    )
    assert browser.check("sticksOut") == []


class TestCopying:
    def open_urls(self, browser: Browser) -> None:
        browser.open("/")
        browser.find(".card summary").click()
        browser.wait(lambda: browser.find(".card button.copy").is_displayed())

    def clipboard(self, browser: Browser) -> str:
        """What a paste brings, into a field made for it."""
        browser.run(
            "const area = Object.assign(document.createElement('textarea'), {id: 'paste'});"
            "document.body.append(area); area.focus()"
        )
        browser.find("#paste").send_keys(Keys.CONTROL, "v")
        return str(browser.find("#paste").get_attribute("value"))

    def test_button_copies_the_whole_address(self, browser: Browser) -> None:
        permissions = ["clipboardReadWrite", "clipboardSanitizedWrite"]
        browser.command("Browser.grantPermissions", origin=browser.base, permissions=permissions)
        self.open_urls(browser)
        button = browser.find_all(".card button.copy")[2]
        address = button.find_element("xpath", "../a").get_attribute("href")
        button.click()
        browser.wait(lambda: browser.find("#toast").text == "URL copied")
        assert address is not None
        assert address.startswith(browser.base + "/images/")
        assert self.clipboard(browser) == address

    def test_button_works_without_the_clipboard_interface(self, browser: Browser) -> None:
        script = browser.command("Page.addScriptToEvaluateOnNewDocument", source=HIDE_CLIPBOARD)
        try:
            self.open_urls(browser)
            assert browser.run("return navigator.clipboard === undefined")
            button = browser.find_all(".card button.copy")[1]
            address = button.find_element("xpath", "../a").get_attribute("href")
            button.click()
            browser.wait(lambda: browser.find("#toast").text == "URL copied")
            assert self.clipboard(browser) == address
        finally:
            browser.command("Page.removeScriptToEvaluateOnNewDocument", identifier=script["identifier"])

    def test_focus_stays_on_the_button(self, browser: Browser) -> None:
        self.open_urls(browser)
        button = browser.find(".card button.copy")
        button.click()
        browser.wait(lambda: browser.find("#toast").text)
        assert browser.driver.switch_to.active_element == button

    def test_one_set_of_addresses_is_open_at_a_time(self, browser: Browser) -> None:
        browser.open("/")
        for number in (0, 1):
            browser.find_all(".card summary")[number].click()
        browser.wait(lambda: len(browser.find_all(".card details[open]")) == 1)


class TestWithoutScripts:
    @pytest.fixture
    def plain(self, browser: Browser) -> Browser:
        browser.command("Emulation.setScriptExecutionDisabled", value=True)
        return browser

    def test_pages_are_complete(self, plain: Browser) -> None:
        plain.open("/")
        assert plain.find("h1").is_displayed()
        plain.find(".card summary").click()
        assert plain.find(".card details[open] a").is_displayed()

    def test_buttons_that_need_scripts_do_not_show(self, plain: Browser) -> None:
        plain.open("/")
        plain.find(".card summary").click()
        assert not [button for button in plain.find_all("button.copy") if button.is_displayed()]

    def test_form_shows_its_picture(self, plain: Browser) -> None:
        plain.open("/browse/one.jpg")
        plain.fill("#p-width", "240")
        plain.find("#try button[type=submit]").click()
        plain.wait(lambda: "width=240" in plain.driver.current_url)
        assert plain.find("#result").get_attribute("width") == "240"
        assert "width=240" in str(plain.find("#path-url").get_attribute("href"))


def test_pages_of_a_folder_lead_on_and_back(browser: Browser) -> None:
    browser.open("/browse/many/")
    browser.find(".paging a[rel=next]").click()
    browser.wait(lambda: "61–70 of 70" in browser.find(".heading").text)
    assert len(browser.find_all(".card")) == 10
    browser.find(".paging a[rel=prev]").click()
    browser.wait(lambda: len(browser.find_all(".card")) == 60)


def test_closed_folder_does_not_show(browser: Browser) -> None:
    browser.open("/")
    assert "closed" not in browser.find("main").text
    assert "private" not in browser.driver.page_source
