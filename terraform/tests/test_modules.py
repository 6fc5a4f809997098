"""Every module is formatted, valid, and does what its own tests say; those tests refuse something too."""

from __future__ import annotations

import os
import re
from concurrent.futures import ThreadPoolExecutor

import pytest
from conftest import ENVIRONMENTS, MODULES, SOURCE

FOLDERS = [f"modules/{m}" for m in MODULES] + [f"envs/{e}" for e in ENVIRONMENTS]


def test_every_file_is_formatted(terraform):
    got = terraform.run(".", "fmt", "-check", "-recursive", "-diff")
    assert got.returncode == 0, f"terraform fmt -recursive terraform\n{got.stdout}{got.stderr}"


@pytest.fixture(scope="module")
def ended(terraform, request):
    """Folder and command → how it ended. Each takes seconds, most of them a provider's start: all cores are used."""
    chosen = {(i.originalname, i.callspec.params.get("folder") or f"modules/{i.callspec.params['module']}") for i in request.session.items if hasattr(i, "callspec") and i.path.name == "test_modules.py"}
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        folders = sorted({folder for _, folder in chosen})
        list(pool.map(lambda folder: terraform.run(folder, "get"), folders))
        wanted = [(f, "validate") for n, f in chosen if n == "test_it_is_valid"] + [(f, "test") for n, f in chosen if n == "test_the_tests_of_the_module_pass"]
        return dict(zip(wanted, pool.map(lambda w: terraform.run(*w), wanted), strict=True))


@pytest.mark.parametrize("folder", FOLDERS)
def test_it_is_valid(ended, folder):
    got = ended[folder, "validate"]
    assert got.returncode == 0, got.stderr


@pytest.mark.parametrize("module", MODULES)
def test_the_tests_of_the_module_pass(ended, module):
    got = ended[f"modules/{module}", "test"]
    assert got.returncode == 0, got.stdout + got.stderr
    assert re.search(r"Success! \d+ passed", got.stdout), got.stdout


@pytest.mark.parametrize("module", MODULES)
def test_a_module_has_cases_that_must_fail(module):
    tests = "".join(f.read_text() for f in (SOURCE / "modules" / module / "tests").glob("*.tftest.hcl"))
    assert "expect_failures" in tests


@pytest.mark.parametrize("folder", FOLDERS)
def test_it_says_which_versions_it_needs(folder):
    text = (SOURCE / folder / "versions.tf").read_text()
    assert 'required_version = ">= 1.11"' in text and 'version = "~> 7.20"' in text
