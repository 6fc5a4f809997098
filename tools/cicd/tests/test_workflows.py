"""The workflows keep the policies, each policy denies what it is there for, and actionlint accepts them."""

from __future__ import annotations

import re
import subprocess

import pytest
from conftest import REPOSITORY

import policies
from policies import Workflow


@pytest.mark.parametrize("w", policies.workflows(), ids=lambda w: w.name)
@pytest.mark.parametrize("policy", policies.POLICIES, ids=lambda p: p.__name__)
def test_a_workflow_keeps_every_policy(w, policy):
    assert list(policy(w)) == []


def test_these_are_the_workflows():
    assert [w.name for w in policies.workflows()] == ["ci", "deploy", "images", "release", "terraform"]


CHECKOUT = "actions/checkout@3d3c42e5aac5ba805825da76410c181273ba90b1 # v7.0.1"


@pytest.mark.parametrize(
    ("policy", "workflow", "old", "new", "says"),
    [
        ("actions_are_pinned", "ci", CHECKOUT, "actions/checkout@v7", "actions/checkout@v7"),
        ("actions_are_pinned", "ci", CHECKOUT, "actions/checkout@" + "0" * 40 + " # v7.0.1", "is not in"),
        ("actions_are_pinned", "ci", CHECKOUT, CHECKOUT.replace("v7.0.1", "v7.0.0"), "is not in"),
        ("actions_are_pinned", "ci", CHECKOUT, "someone/else@" + "3d3c42e5" * 5 + " # v1", "someone/else"),
        ("permissions_are_minimal", "ci", "permissions: {}", "permissions: write-all", "at the top"),
        ("permissions_are_minimal", "ci", "permissions: {}\n", "", "at the top"),
        ("permissions_are_minimal", "images", "contents: read", "contents: write", "build has permissions"),
        ("permissions_are_minimal", "release", "contents: write", "contents: write\n      packages: write", "publish has"),
        ("strangers_get_nothing", "ci", "  pull_request:", "  pull_request_target:", "runs a stranger's code"),
        ("strangers_get_nothing", "ci", "contents: read", "contents: read\n      id-token: write", "id-token on a pull"),
        ("strangers_get_nothing", "deploy", "github.token", "secrets.DEPLOY_KEY", "names a secret"),
        ("rights_wait_for_an_environment", "release", "    environment: release\n", "", "publish may write"),
        ("rights_wait_for_an_environment", "images", "    environment: registry\n", "", "push may write"),
        ("steps_are_tested_commands", "ci", "make test-race", "go test ./...", "want a Make target"),
        ("steps_are_tested_commands", "ci", "make test-race", "make no-such-target", "want a Make target"),
        ("steps_are_tested_commands", "ci", "make test-race", "tools/no-such-script.sh", "want a Make target"),
        ("steps_are_tested_commands", "ci", "make test-race", "make test-race ARGS=${{ github.head_ref }}", "pastes"),
        ("checkouts_leave_no_token", "ci", "persist-credentials: false", "persist-credentials: true", "keeps the token"),
        ("jobs_end", "ci", "    timeout-minutes: 30\n", "", "race has no timeout"),
    ],
)
def test_a_policy_denies(policy, workflow, old, new, says):
    text = (policies.WORKFLOWS / f"{workflow}.yml").read_text()
    assert old in text, "the fault has nowhere to go"
    broken = list(getattr(policies, policy)(Workflow(workflow, text.replace(old, new, 1))))
    assert any(says in b for b in broken), broken


def test_every_policy_has_something_that_it_denies():
    cases = {m.args[1][i][0] for m in test_a_policy_denies.pytestmark for i in range(len(m.args[1]))}
    assert cases == {p.__name__ for p in policies.POLICIES}


def test_every_exception_is_a_job():
    jobs = {(w.name, job) for w in policies.workflows() for job in w.jobs}
    assert set(policies.MAY) <= jobs


def test_ci_runs_all_that_make_test_does():
    """A part of make test that no shard has would be red here and green there."""
    makefile = (REPOSITORY / "Makefile").read_text()
    parts = re.search(r"--keep-going ([a-z0-9 -]+) \|\|", makefile)[1].split()
    (ci,) = [w for w in policies.workflows() if w.name == "ci"]
    shards = {word for _, step in ci.steps() for word in step.get("run", "").split()[1:]}
    assert set(parts) == shards


def test_ci_has_every_airflow():
    (ci,) = [w for w in policies.workflows() if w.name == "ci"]
    locks = {p.stem.removeprefix("airflow-") for p in (REPOSITORY / "dags/requirements").glob("airflow-*.txt")}
    assert set(ci.jobs["dags"]["strategy"]["matrix"]["airflow"]) == locks


def actionlint(*arguments: str, text: str | None = None) -> subprocess.CompletedProcess[str]:
    binary = REPOSITORY / "bin/actionlint"
    assert binary.is_file(), "make test-cicd builds it"
    # What is on this machine's PATH must not decide: shellcheck and pyflakes are not asked.
    words = [str(binary), "-shellcheck=", "-pyflakes=", *arguments]
    return subprocess.run(words, cwd=REPOSITORY, input=text, capture_output=True, text=True)


def test_actionlint_accepts_them():
    done = actionlint()
    assert done.returncode == 0, done.stdout


def test_actionlint_finds_a_fault():
    text = (policies.WORKFLOWS / "ci.yml").read_text().replace("runs-on:", "run-on:", 1)
    done = actionlint("-", text=text)
    assert done.returncode == 1 and "run-on" in done.stdout
