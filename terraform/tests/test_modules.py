"""Every module is formatted, valid, and does what its own tests say; those tests refuse something too."""

from __future__ import annotations

import re

import pytest
from conftest import ENVIRONMENTS, MODULES, SOURCE

FOLDERS = [f"modules/{m}" for m in MODULES] + [f"envs/{e}" for e in ENVIRONMENTS]


def test_every_file_is_formatted(terraform):
    got = terraform.run(".", "fmt", "-check", "-recursive", "-diff")
    assert got.returncode == 0, f"terraform fmt -recursive terraform\n{got.stdout}{got.stderr}"


@pytest.mark.parametrize("folder", FOLDERS)
def test_it_is_valid(terraform, folder):
    if folder.startswith("modules/"):
        terraform.run(folder, "get")
    got = terraform.run(folder, "validate")
    assert got.returncode == 0, got.stderr


@pytest.mark.parametrize("module", MODULES)
def test_the_tests_of_the_module_pass(terraform, module):
    terraform.run(f"modules/{module}", "get")
    got = terraform.run(f"modules/{module}", "test")
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
