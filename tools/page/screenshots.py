"""Pictures of every section in light, in dark and on a phone: of the page that PAGE names, else of a demo shop's second run."""

import os
import shutil
import sys
import tempfile
from pathlib import Path

from conftest import SECTIONS
from playwright.sync_api import expect, sync_playwright

import shop

WAYS = {"light": (1440, False), "dark": (1440, True), "phone": (390, False), "phone-dark": (390, True)}


def main() -> None:
    out = Path(sys.argv[1])
    out.mkdir(parents=True, exist_ok=True)
    found = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if not found:
        sys.exit("missing: chromium (Debian's package chromium)")
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        page = Path(os.environ["PAGE"]) if os.environ.get("PAGE") else second(Path(folder))
        browser = playwright.chromium.launch(executable_path=found, args=["--no-sandbox"])
        for way, (width, dark) in WAYS.items():
            tab = browser.new_page(viewport={"width": width, "height": 900}, color_scheme="dark" if dark else "light")
            tab.goto(page.resolve().as_uri())
            for section in SECTIONS:
                tab.evaluate(f"location.hash = '#{section}'")
                for chart in tab.locator(f"#{section} .chart").all():
                    expect(chart.locator("svg").first).to_be_attached()
                tab.screenshot(path=out / f"{section}-{way}.png", full_page=True)
            tab.close()
        browser.close()
    print(f"{len(SECTIONS) * len(WAYS)} pictures in {out}")


def second(folder: Path) -> Path:
    lines = shop.demo(folder / "demo", 1000)
    shop.run(lines, folder / "root", shop.BEFORE)
    return shop.run(lines, folder / "root", shop.NOW, "--title=A demo shop").page


if __name__ == "__main__":
    main()
