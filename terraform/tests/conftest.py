"""Runs Terraform on a copy of terraform/, by the command in CLIENTELE_TERRAFORM."""

from __future__ import annotations

import copy
import functools
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).parents[2]
SOURCE = REPOSITORY / "terraform"
MODULES = sorted(p.name for p in (SOURCE / "modules").iterdir() if p.is_dir())
ENVIRONMENTS = sorted(p.name for p in (SOURCE / "envs").iterdir() if p.is_dir()) if (SOURCE / "envs").is_dir() else []

NETWORK = {"network": "projects/p/global/networks/n", "subnetwork": "projects/p/regions/r/subnetworks/s"}

# What is planned: the environment, and variables over those of its example.
PLANS = {
    **{env: (env, {}) for env in ENVIRONMENTS},
    "own cluster and warehouse": ("prod", {"own_cluster": NETWORK, "deploy_warehouse": True, "erase_by_dag": True}),
    "preprocess on Spark": ("prod", {"deploy_engine": True, "settings": {"CLIENTELE_IMAGE_TAG": "1.2.3", "CLIENTELE_SPARK_IMAGE": "r.example/s:1.2.3"}}),
    "as little as can be": ("dev", {"deploy_alerts": False, "repository": "null", "data_project": "null", "network": "null"}),
}

sys.path.insert(0, str(REPOSITORY / "tools" / "terraform"))


class Terraform:
    """Terraform in a copy of terraform/, so that a test may break it and nothing is left behind."""

    def __init__(self, root: Path, command: str):
        self.root = root
        self.command = command

    def run(self, folder: str, *arguments: str, env: dict[str, str] | None = None) -> subprocess.CompletedProcess[str]:
        """Runs `terraform ARGUMENTS` in a folder below terraform/.

        The command may write its configuration anew each time that it starts: a Terraform that reads it just then finds no
        provider, and is started again.
        """
        for _ in range(3):
            ended = subprocess.run(
                [self.command, str(self.root / folder), "terraform", *arguments],
                capture_output=True,
                text=True,
                timeout=600,
                env={**os.environ, "TF_CLI_ARGS": "-no-color", **(env or {})},
            )
            if ended.returncode == 0 or "Missing required provider" not in ended.stderr + ended.stdout:
                break
        return ended

    def plan(self, folder: str, **variables: object) -> dict:
        """The plan as `terraform show -json` prints it, with these variables over those of the folder."""
        env = {f"TF_VAR_{name}": v if isinstance(v, str) else json.dumps(v) for name, v in variables.items()}
        planned = self.run(folder, "plan", "-input=false", "-lock=false", "-out=test.tfplan", env=env)
        assert planned.returncode == 0, planned.stderr
        shown = self.run(folder, "show", "-json", "test.tfplan")
        assert shown.returncode == 0, shown.stderr
        return json.loads(shown.stdout)


def pytest_report_header() -> str:
    return f"CLIENTELE_TERRAFORM is {os.environ.get('CLIENTELE_TERRAFORM') or 'not set'}"


@pytest.fixture(scope="session")
def terraform(tmp_path_factory: pytest.TempPathFactory) -> Terraform:
    """Terraform on a copy without the backends, which want a bucket."""
    command = os.environ.get("CLIENTELE_TERRAFORM", "")
    missing = "CLIENTELE_TERRAFORM is not set" if not command else "" if shutil.which("terraform") else "terraform is not installed"
    if missing and os.environ.get("CI") == "true":
        pytest.fail(f"{missing}, and CI is true: see tools/terraform.sh")
    if missing:
        pytest.skip(f"{missing}: see tools/terraform.sh")
    root = tmp_path_factory.mktemp("terraform") / "terraform"
    shutil.copytree(SOURCE, root, ignore=shutil.ignore_patterns(".terraform*", "backend.tf", "__pycache__", "tests.py"))
    terraform = Terraform(root, str(Path(command).resolve()))
    for name in ENVIRONMENTS:
        got = terraform.run(f"envs/{name}", "get")
        assert got.returncode == 0, got.stderr
    return terraform


@pytest.fixture(scope="session")
def planned(terraform):
    """A function that plans once, and gives each test a copy."""

    @functools.cache
    def plan(name: str) -> dict:
        env, variables = PLANS[name]
        folder = terraform.root / "envs" / env
        (folder / "terraform.tfvars").write_text((folder / "terraform.tfvars.example").read_text())
        if variables:  # over a file of variables only another file has a say
            lines = (f"{k} = {literal(v)}\n" for k, v in variables.items())
            (folder / "other.auto.tfvars").write_text("".join(lines))
        try:
            return terraform.plan(f"envs/{env}")
        finally:
            (folder / "other.auto.tfvars").unlink(missing_ok=True)

    return lambda name: copy.deepcopy(plan(name))


def literal(value: object) -> str:
    """A value in Terraform's language."""
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{k} = {literal(v)}" for k, v in value.items()) + " }"
    return str(value).lower() if isinstance(value, bool) else value if value == "null" else f'"{value}"'
