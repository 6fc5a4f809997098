"""A person's way: the page, the form, a wrong date that is refused, and a run that turns green."""

from __future__ import annotations

import contextlib
import re
from pathlib import Path

from playwright.sync_api import Error, Locator, Page, TimeoutError, expect, sync_playwright
from process import until
from world import AS_OF, World

DAG = "clientele_segmentation"
SECTIONS = ("Run", "Delivery", "Cleaning", "Segments")
TITLES = ("As of", "Source", "Window", "Number of segments")
PATIENCE = 120_000  # milliseconds; pages are slow while pods have both cores


def person(w: World) -> None:
    """Triggers the segmentation by clicks alone. Pictures are left in the world's folder."""
    w.airflow.await_parsed(DAG)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=w.chromium, args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": 1200, "height": 900})
        page.set_default_timeout(PATIENCE)
        expect.set_options(timeout=PATIENCE)
        try:
            _refused(w, page)
            _click_through(w, page)
        except BaseException:
            page.screenshot(path=w.folder / "failed.png")
            raise
        finally:
            browser.close()


def _refused(w: World, page: Page) -> None:
    """Looks at the form's sections and enters a wrong date. A change of the machine's network can end what Airflow's page loads
    after itself as well, and it stays as it is then: a person opens it again."""
    for last in (False, False, True):
        try:
            _look_and_enter(w, page)
            break
        except (AssertionError, TimeoutError):
            if last:
                raise
    assert w.airflow.runs(DAG) == [], "a wrong date has made a run"


def _look_and_enter(w: World, page: Page) -> None:
    form = _form(w, page)
    trigger = form.get_by_role("button", name="Trigger", exact=True)
    for section in SECTIONS:
        expect(form.get_by_role("button", name=section, exact=True)).to_be_visible()
    for section, title in zip(SECTIONS, TITLES, strict=True):
        form.get_by_role("button", name=section, exact=True).click()
        expect(form.get_by_text(re.compile(rf"^\s*{title}\s*\*?\s*$"))).to_be_visible()
    expect(trigger).to_be_enabled()  # every default is one that the form takes

    form = _type_json(w, page, '{"as_of": "31.12.2025"}')
    form.get_by_role("button", name="Trigger", exact=True).click()
    expect(form.get_by_text("'31.12.2025' is not a 'date'")).to_be_visible()
    _picture(page, w.folder, "refused")


def _click_through(w: World, page: Page) -> None:
    form = _form(w, page)
    form.get_by_role("button", name="Run", exact=True).click()
    form.locator("input[name=element_as_of]").fill(AS_OF)
    _picture(page, w.folder, "form")
    form.get_by_role("button", name="Trigger", exact=True).click()
    expect(form).to_be_hidden()
    (run,) = until("the run is there", 60, lambda: w.airflow.runs(DAG))
    assert run.ends(1200) == "success"
    last = page.get_by_role("row").filter(has_text="use.segments_are_there")
    expect(last.get_by_text("Success", exact=True)).to_be_visible()
    expect(page.get_by_text("Running", exact=True)).to_have_count(0)
    _picture(page, w.folder, "run")
    assert w.bucket(DAG).manifests("report")[0].split("/")[3] == AS_OF


def _open(page: Page, url: str) -> None:
    """Opens a page. A pod that comes or goes is a change of the machine's network to Chromium, which then ends what it loads."""
    for _ in range(10):
        try:
            page.goto(url)
            return
        except Error as e:
            if "ERR_NETWORK_CHANGED" not in e.message:
                raise
    raise AssertionError(f"{url} has not been loaded in ten tries")


def _form(w: World, page: Page) -> Locator:
    """Opens the DAG's page and its trigger form."""
    _open(page, f"{w.airflow.url}/dags/{DAG}")
    page.get_by_test_id("trigger-dag-button").click()
    form = page.get_by_role("dialog")
    expect(form.get_by_text(f"Trigger Dag - {DAG}")).to_be_visible()
    return form


def _type_json(w: World, page: Page, text: str) -> Locator:
    """Writes the whole configuration by hand, as who knows it by heart does. Returns the form."""
    form = _editor(w, page)
    form.locator(".monaco-editor").first.click()
    page.keyboard.press("Control+a")
    page.keyboard.insert_text(text)
    page.keyboard.press("Control+Shift+End")  # what the editor has closed by itself
    page.keyboard.press("Delete")
    page.keyboard.press("Tab")
    return form


def _editor(w: World, page: Page) -> Locator:
    """Opens the form with its editor. Airflow loads that piece by piece, and where one is late it stays empty: a person
    opens the page again."""
    for patience in (30_000, 60_000, PATIENCE):
        form = _form(w, page)
        form.get_by_role("button", name="Advanced Options").click()
        with contextlib.suppress(TimeoutError):
            form.locator(".monaco-editor").first.wait_for(timeout=patience)
            return form
    raise AssertionError("the form's editor has not come in three tries")


def _picture(page: Page, folder: Path, name: str) -> None:
    page.screenshot(path=folder / f"{name}.png")
