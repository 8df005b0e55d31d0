"""The checks themselves: each finds the fault that it is for, on a page that has it, and none on one that is right."""

from urllib.parse import quote

import pytest

from tests.browser.browser import Browser

GOOD = """<!doctype html><html lang="en"><title>Good</title><body style="background:#fff;color:#222;margin:0">
<header><nav aria-label="Areas"><a href="#x" style="display:inline-block;padding:9px">Pictures</a></nav></header>
<main><h1>One</h1><h2>Two</h2><p>Text</p><label for="f">Name</label>
<input id="f" style="border:1px solid #777;height:30px"><button style="height:30px;min-width:30px">Go</button>
<img src="data:image/gif;base64,R0lGODlhAQABAAAAACH5BAEKAAEALAAAAAABAAEAAAICTAEAOw==" alt="dot"></main>
<footer>End</footer></body></html>"""

FAULTS = [
    ("faintText", "<p>Text</p>", "<p style='color:#999'>Text</p>"),
    ("faintText", "<p>Text</p>", "<p style='color:rgb(0 0 0 / 40%)'>Text</p>"),
    ("faintText", "<p>Text</p>", "<div style='background:#444'><p>Text</p></div>"),
    ("faintFields", "solid #777", "solid #ddd"),
    ("nameless", ">Go<", "><"),
    ("nameless", "<label for='f'>".replace("'", '"'), "<label>"),
    (
        "nameless",
        ' aria-label="Areas"><a href="#x" style="display:inline-block;padding:9px">Pictures',
        '><a href="#x">',
    ),
    ("unclearLinks", "Pictures</a>", "here</a>"),
    ("picturesWithoutAlt", ' alt="dot"', ""),
    ("structureFaults", "<h2>Two</h2>", "<h3>Two</h3>"),
    ("structureFaults", "<h2>Two</h2>", "<h1>Two</h1>"),
    ("structureFaults", '<html lang="en">', "<html>"),
    ("structureFaults", "<title>Good</title>", ""),
    ("structureFaults", "<footer>End</footer>", ""),
    ("structureFaults", "<h2>Two</h2>", "<p id='f'></p>"),
    ("structureFaults", "<h2>Two</h2>", "<p tabindex='3'></p>"),
    ("structureFaults", "<h2>Two</h2>", "<ul><p>x</p></ul>"),
    ("smallTargets", "height:30px;min-width:30px", "font-size:8px;padding:0;border:0"),
    ("sticksOut", "<p>Text</p>", "<p style='width:3000px'>Text</p>"),
    ("unloadedPictures", "data:image/gif;base64,R0", "data:image/gif;base64,R1"),
]
ARGUMENTS = {"unloadedPictures": ("img",)}


def show(browser: Browser, page: str) -> None:
    browser.driver.get("data:text/html;charset=utf-8," + quote(page))


@pytest.mark.parametrize(("name", "right", "wrong"), FAULTS, ids=[f"{n}-{name}" for n, (name, *_) in enumerate(FAULTS)])
def test_fault_is_found(browser: Browser, name: str, right: str, wrong: str) -> None:
    assert right in GOOD
    show(browser, GOOD)
    assert browser.check(name, *ARGUMENTS.get(name, ())) == []
    show(browser, GOOD.replace(right, wrong))
    assert browser.check(name, *ARGUMENTS.get(name, ())) != []


def test_shift_is_found(browser: Browser) -> None:
    show(browser, GOOD)
    assert browser.check("layoutShift") == 0
    browser.run("const box = document.createElement('p'); box.style.height = '400px'; document.body.prepend(box)")
    assert browser.wait(lambda: browser.check("layoutShift")) > 0.02


def test_focus_without_an_outline_is_found(browser: Browser) -> None:
    show(
        browser,
        GOOD.replace("<button style='".replace("'", '"'), "<button autofocus style='".replace("'", '"') + "outline:0;"),
    )
    browser.find("button").click()
    assert browser.check("focusState")["outlined"] is False


def test_errors_of_scripts_reach_the_console(browser: Browser) -> None:
    show(browser, "<!doctype html><script>missing()</script>")
    assert any("missing is not defined" in message for message in browser.console())
