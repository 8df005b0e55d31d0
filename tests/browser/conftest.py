"""A real browser on a real server, both on this machine; Chromium and its driver come from Debian packages."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image
from selenium.webdriver import Chrome, ChromeOptions
from selenium.webdriver.chrome.service import Service

from qis_core.domain.images import Size
from tests.browser.browser import Browser
from tests.support.scenes import draw_scene
from tests.support.server import RunningServer, Site

INSTALL = "apt-get install -y chromium chromium-driver"
FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--disable-dev-shm-usage",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-extensions",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
)
SCENES = (("one.jpg", "landscape"), ("two.jpg", "bokeh"), ("birds/three.jpg", "bricks"), ("birds/four.jpg", "stripes"))


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """One worker drives the browser, however many there are."""
    here = Path(__file__).parent
    for item in items:
        if item.path.is_relative_to(here):
            item.add_marker(pytest.mark.xdist_group("browser"))


@pytest.fixture(scope="session")
def chromium() -> tuple[str, str]:
    """The paths of Chromium and its driver; without them these tests are skipped, and fail where CI is set."""
    paths = shutil.which("chromium"), shutil.which("chromedriver")
    if paths[0] is None or paths[1] is None:
        message = f"Chromium or its driver is missing: {INSTALL}"
        if os.environ.get("CI"):
            pytest.fail(message)
        pytest.skip(message)
    return paths[0], paths[1]


@pytest.fixture(scope="session")
def server(chromium: tuple[str, str], tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    """Pictures in the root, in a folder, in many pages, and in a folder that is closed."""
    place = tmp_path_factory.mktemp("browser")
    root = place / "pictures"
    for src, background in SCENES:
        (root / src).parent.mkdir(parents=True, exist_ok=True)
        draw_scene(Size(900, 600), "e", background, "none").image.save(root / src, quality=85)
    for folder in ("many", "closed"):
        (root / folder).mkdir()
    for number in range(70):
        Image.new("RGB", (8, 6), (number * 3, 120, 200)).save(root / f"many/{number:02}.png")
    Image.new("RGB", (8, 6)).save(root / "closed/private.png")
    site = Site(root, place / "data")
    site.cli("init")
    for group in ("Public", "Normal users"):
        site.cli("permission", "set", "/closed", group, "None")
    with RunningServer(site) as running:
        yield running


@pytest.fixture(scope="session")
def driver(chromium: tuple[str, str]) -> Iterator[Chrome]:
    options = ChromeOptions()
    options.binary_location = chromium[0]
    for flag in FLAGS:
        options.add_argument(flag)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    driver = Chrome(options=options, service=Service(chromium[1]))
    driver.set_page_load_timeout(60)
    driver.set_script_timeout(60)
    yield driver
    driver.quit()


@pytest.fixture
def browser(driver: Chrome, server: RunningServer) -> Iterator[Browser]:
    """The browser as a new visitor has it; at the end of a test its console must be clean."""
    browser = Browser(driver, f"http://127.0.0.1:{server.port}")
    browser.reset()
    yield browser
    assert browser.console() == []
