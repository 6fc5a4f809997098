"""The browser, and the runs whose pages it opens. Without a browser the tests are skipped; with CI=true that is a failure."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

import shop

SECTIONS = ["today", "segments", "customers", "products", "goal", "drift", "data", "model"]


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    found = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if not found:
        missing = "missing: chromium (Debian's package chromium)"
        if os.environ.get("CI") == "true":
            pytest.fail(missing, pytrace=False)
        pytest.skip(missing)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=found, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def folder(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("shop")


@pytest.fixture(scope="session")
def lines(folder: Path) -> Path:
    return shop.demo(folder / "demo")


@pytest.fixture(scope="session")
def first(folder: Path, lines: Path) -> shop.Run:
    """The first run of a root: nothing to compare with."""
    return shop.run(lines, folder / "root", shop.BEFORE)


@pytest.fixture(scope="session")
def second(folder: Path, lines: Path, first: shop.Run) -> shop.Run:
    """A run a week later."""
    return shop.run(lines, folder / "root", shop.NOW, "--title=Gifts & lamps")


@pytest.fixture(scope="session")
def hostile(folder: Path, lines: Path) -> shop.Run:
    """A run of a shop whose texts are hostile."""
    return shop.run(shop.hostile(lines, folder / "hostile.csv"), folder / "hostile", shop.NOW, f"--title={shop.HOSTILE[2]} {'W' * 150}")


class Opened:
    """A page with all that it said and asked for."""

    def __init__(self, context: BrowserContext) -> None:
        self.page: Page = context.new_page()
        self.said: list[str] = []
        self.page.on("console", lambda m: self.said.append(f"{m.type}: {m.text}"))
        self.page.on("pageerror", lambda e: self.said.append(f"error: {e}"))
        self.page.on("dialog", lambda d: (self.said.append(f"dialog: {d.message}"), d.dismiss()))
        self.page.on("request", lambda r: r.url.startswith(("file:", "blob:", "data:")) or self.said.append(f"request: {r.url}"))

    def go(self, run: shop.Run, address: str = "") -> Page:
        self.page.goto("about:blank")  # else another address of the same file is no new page
        self.page.goto(run.page.as_uri() + ("#" + address if address else ""))
        return self.page


@pytest.fixture
def open_page(browser: Browser) -> Iterator:
    """Opens pages: open_page(width, dark, ...) gives an Opened."""
    contexts = []

    def opener(width: int = 1280, *, dark: bool = False, **options) -> Opened:
        context = browser.new_context(viewport={"width": width, "height": 900}, color_scheme="dark" if dark else "light", accept_downloads=True, **options)
        context.set_default_timeout(20_000)
        contexts.append(context)
        return Opened(context)

    yield opener
    for context in contexts:
        context.close()
