"""The form on a picture's page: each change shows its picture, its addresses, its fault."""

from typing import Any

import pytest
from selenium.webdriver.common.keys import Keys

from tests.browser.browser import Browser


@pytest.fixture
def bench(browser: Browser) -> Browser:
    browser.open("/browse/one.jpg")
    browser.wait(lambda: browser.check("unloadedPictures", "#result") == [])
    return browser


def natural_size(browser: Browser) -> list[int]:
    script = "const shown = document.getElementById('result'); return [shown.naturalWidth, shown.naturalHeight]"
    size: list[int] = browser.run(script)
    return size


def address(browser: Browser, which: str = "path") -> str:
    return str(browser.find(f"#{which}-url").get_attribute("href"))


def wait_for_size(browser: Browser, width: int, height: int) -> None:
    browser.wait(lambda: natural_size(browser) == [width, height])


def open_group(browser: Browser, title: str) -> None:
    for summary in browser.find_all("#try summary"):
        if summary.text.strip() == title and browser.run("return !arguments[0].parentElement.open", summary):
            summary.click()


def test_begins_with_a_picture(bench: Browser) -> None:
    assert natural_size(bench) == [800, 533] or natural_size(bench) == [800, 534]
    assert "width=800&format=auto" in address(bench)


def test_number_changes_the_picture(bench: Browser) -> None:
    bench.fill("#p-width", "300")
    wait_for_size(bench, 300, 200)
    assert "300 × 200 px" in bench.find("#outcome").text


def test_addresses_follow(bench: Browser) -> None:
    bench.fill("#p-width", "310")
    bench.wait(lambda: "width=310" in address(bench))
    for which in ("path", "query"):
        assert "width=310" in address(bench, which)
        assert bench.find(f"#{which}-url").text.endswith(address(bench, which))
        assert "stats" not in address(bench, which)
    bench.wait(lambda: "width=310" in bench.driver.current_url)


def test_address_of_the_page_brings_it_back(bench: Browser) -> None:
    bench.fill("#p-width", "120")
    wait_for_size(bench, 120, 80)
    bench.driver.refresh()
    wait_for_size(bench, 120, 80)
    assert bench.find("#p-width").get_attribute("value") == "120"


def test_slider_and_number_go_together(bench: Browser) -> None:
    slider, number = bench.find("[data-for=p-width]"), bench.find("#p-width")
    slider.send_keys(Keys.HOME, Keys.ARROW_RIGHT, Keys.ARROW_RIGHT)
    assert number.get_attribute("value") == slider.get_attribute("value")
    wait_for_width = slider.get_attribute("value")
    bench.wait(lambda: f"width={wait_for_width}" in address(bench))
    bench.fill("#p-width", "450")
    assert slider.get_attribute("value") == "450"


def test_effects_show(bench: Browser) -> None:
    open_group(bench, "Effects")
    bench.find("#p-grayscale").click()
    bench.wait(lambda: "grayscale=1" in address(bench))
    bench.wait(lambda: colours(bench)["spread"] <= 3)


def colours(browser: Browser) -> dict[str, Any]:
    """The widest distance between the channels of any pixel looked at."""
    script = """
        const shown = document.getElementById("result");
        if (!shown.complete || !shown.naturalWidth) return {spread: 255};
        const canvas = Object.assign(document.createElement("canvas"), {width: 20, height: 20});
        const context = canvas.getContext("2d");
        context.drawImage(shown, 0, 0, 20, 20);
        const data = context.getImageData(0, 0, 20, 20).data;
        let spread = 0;
        for (let i = 0; i < data.length; i += 4) {
            const pixel = [data[i], data[i + 1], data[i + 2]];
            spread = Math.max(spread, Math.max(...pixel) - Math.min(...pixel));
        }
        return {spread};
    """
    found: dict[str, Any] = browser.run(script)
    return found


def test_choice_shows(bench: Browser) -> None:
    bench.fill("#p-height", "300")
    bench.fill("#p-width", "300")
    bench.find("#p-fit").send_keys("cover")
    bench.wait(lambda: "fit=cover" in address(bench))
    wait_for_size(bench, 300, 300)


def test_defaults_are_not_asked_for(bench: Browser) -> None:
    bench.fill("#p-dpr", "1")
    bench.fill("#p-height", "0")
    bench.fill("#p-width", "200")
    bench.wait(lambda: "width=200" in address(bench))
    assert address(bench).endswith("?width=200&format=auto")


def test_text_is_encoded_as_readable_as_may_be(bench: Browser) -> None:
    open_group(bench, "On top")
    bench.fill("#p-text", "a b&c=ü,1:2")
    bench.wait(lambda: "text=a%20b%26c%3D%C3%BC,1:2" in address(bench))
    bench.wait(lambda: bench.find("#fault").text == "" and "made now" in bench.find("#outcome").text)


def test_last_change_wins(bench: Browser) -> None:
    for width in ("100", "200", "400", "250"):
        bench.fill("#p-width", width)
    wait_for_size(bench, 250, 167) if natural_rounding(bench) else wait_for_size(bench, 250, 166)


def natural_rounding(browser: Browser) -> bool:
    browser.wait(lambda: natural_size(browser)[0] == 250)
    return natural_size(browser)[1] == 167


class TestFaults:
    def test_is_told_and_marked_and_goes_again(self, browser: Browser) -> None:
        browser.open("/browse/one.jpg")
        browser.fill("#p-width", "-5")
        browser.wait(lambda: "width: -5" in browser.find("#fault").text)
        assert browser.find("#p-width").get_attribute("aria-invalid") == "true"
        browser.fill("#p-width", "200")
        browser.wait(lambda: browser.find("#fault").text == "")
        assert browser.find("#p-width").get_attribute("aria-invalid") is None
        assert expected_only(browser.console(), "400")

    def test_picture_stays_while_there_is_a_fault(self, browser: Browser) -> None:
        browser.open("/browse/one.jpg")
        browser.fill("#p-width", "200")
        browser.wait(lambda: natural_size(browser)[0] == 200)
        browser.fill("#p-width", "99999")
        browser.wait(lambda: browser.find("#fault").text)
        assert natural_size(browser)[0] == 200
        assert expected_only(browser.console(), "400")


def expected_only(messages: list[str], status: str) -> bool:
    """Whether the console has nothing but answers of this status; a browser reports those itself."""
    return bool(messages) and all(f"status of {status}" in message for message in messages)


def test_start_over(bench: Browser) -> None:
    bench.fill("#p-width", "120")
    wait_for_size(bench, 120, 80)
    bench.find("#reset").click()
    bench.wait(lambda: natural_size(bench)[0] == 800)
    assert "?" not in bench.driver.current_url


def test_enter_reloads_nothing(bench: Browser) -> None:
    bench.run("window.stays = true")
    bench.fill("#p-width", "130")
    bench.press(Keys.ENTER)
    bench.wait(lambda: natural_size(bench)[0] == 130)
    assert bench.run("return window.stays === true")
