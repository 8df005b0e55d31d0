"""What the tests do in a browser."""

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

from selenium.webdriver import Chrome
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.remote.webelement import WebElement

T = TypeVar("T")
WAIT_SECONDS = 30.0
CHECKS = (Path(__file__).parent / "checks.js").read_text(encoding="utf-8")


class Browser:
    """Chromium at one server."""

    def __init__(self, driver: Chrome, base: str) -> None:
        self.driver = driver
        self.base = base

    def reset(self) -> None:
        """A wide window, light, with scripts, without anything left from a test before."""
        self.driver.get("about:blank")
        self.resize(1280, 900)
        self.media()
        self.command("Emulation.setScriptExecutionDisabled", value=False)
        self.command("Network.enable")
        self.command("Network.setCacheDisabled", cacheDisabled=False)
        self.console()

    def resize(self, width: int, height: int = 900) -> None:
        self.command(
            "Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=False
        )

    def media(self, scheme: str = "light", motion: str = "no-preference") -> None:
        """What the visitor prefers."""
        features = [
            {"name": "prefers-color-scheme", "value": scheme},
            {"name": "prefers-reduced-motion", "value": motion},
        ]
        self.command("Emulation.setEmulatedMedia", features=features)

    def command(self, name: str, **options: Any) -> Any:
        """A command of the DevTools protocol."""
        return self.driver.execute_cdp_cmd(name, options)

    def open(self, path: str) -> None:
        self.driver.get(self.base + path)

    def run(self, script: str, *arguments: Any) -> Any:
        return self.driver.execute_script(script, *arguments)

    def check(self, name: str, *arguments: Any) -> Any:
        """What a function of ``checks.js`` finds on the page."""
        return self.run(f"{CHECKS}\nreturn {name}(...arguments);", *arguments)

    def find(self, selector: str) -> WebElement:
        return self.driver.find_element(By.CSS_SELECTOR, selector)

    def find_all(self, selector: str) -> list[WebElement]:
        return self.driver.find_elements(By.CSS_SELECTOR, selector)

    def press(self, *keys: str) -> None:
        """Keys for whatever has the focus."""
        for key in keys:
            self.driver.switch_to.active_element.send_keys(key)

    def fill(self, selector: str, text: str) -> None:
        """Replace what a field holds, by keyboard."""
        field = self.find(selector)
        field.send_keys(Keys.CONTROL, "a")
        field.send_keys(text or Keys.DELETE)

    def wait(self, what: Callable[[], T]) -> T:
        """The first true value of *what*; fails after some time."""
        deadline = time.monotonic() + WAIT_SECONDS
        while True:
            found = what()
            if found:
                return found
            assert time.monotonic() < deadline, f"never true: {what}"
            time.sleep(0.05)

    def console(self) -> list[str]:
        """Warnings and errors since the last call: scripts that fail, files that are missing, policies broken."""
        return [entry["message"] for entry in self.driver.get_log("browser") if entry["level"] in ("SEVERE", "WARNING")]
