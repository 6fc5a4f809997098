"""What a workflow may do: each policy yields what breaks it. tests/test_workflows.py holds the workflows of this repository to them."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path

import yaml

REPOSITORY = Path(__file__).resolve().parents[2]
WORKFLOWS = REPOSITORY / ".github" / "workflows"

# Action → the version, and its commit, that was looked up in the action's own repository. Another commit is looked up first.
READ = json.loads(Path(__file__).with_name("actions.json").read_text())

# (workflow, job) → what it may have beyond contents: read, and why.
MAY = {
    ("images", "push"): {"id-token": "write"},
    ("terraform", "plan"): {"id-token": "write"},
    ("terraform", "apply"): {"id-token": "write"},
    ("deploy", "dev"): {"id-token": "write", "actions": "read"},
    ("deploy", "prod"): {"id-token": "write", "actions": "read"},
    ("release", "images"): {"id-token": "write"},
    ("release", "publish"): {"contents": "write"},
}


class Workflow:
    """A workflow's text and what it says."""

    def __init__(self, name: str, text: str):
        self.name, self.text = name, text
        self.says = yaml.safe_load(text)
        self.on = self.says.get("on", self.says.get(True))  # YAML 1.1 reads the key on as true
        self.jobs: dict[str, dict] = self.says["jobs"]

    def steps(self) -> Iterator[tuple[str, dict]]:
        """Every step, with its job."""
        for job, says in self.jobs.items():
            yield from ((job, step) for step in says.get("steps", []))


def workflows() -> list[Workflow]:
    """Those of this repository."""
    return [Workflow(p.stem, p.read_text()) for p in sorted(WORKFLOWS.glob("*.yml"))]


def actions_are_pinned(w: Workflow) -> Iterator[str]:
    """By a commit that was read, with its version beside it; a tag can be moved by whoever takes an account over."""
    for used, comment in re.findall(r"(?m)^\s*(?:- )?uses: (\S+)(?: # (\S+))?", w.text):
        if used.startswith("./.github/workflows/"):
            continue
        action, _, commit = used.partition("@")
        if READ.get(action) != {"version": comment, "commit": commit}:
            yield f"{w.name}: {used} ({comment or 'no version'}) is not in tools/cicd/actions.json"


def permissions_are_minimal(w: Workflow) -> Iterator[str]:
    """None for the workflow, contents: read for a job, and what MAY lists."""
    if w.says.get("permissions") != {}:
        yield f"{w.name}: want permissions: {{}} at the top"
    for job, says in w.jobs.items():
        want = {"contents": "read"} | MAY.get((w.name, job), {})
        if says.get("permissions") != want:
            yield f"{w.name}: {job} has permissions {says.get('permissions')}, want {want}"


def strangers_get_nothing(w: Workflow) -> Iterator[str]:
    """A pull request runs a stranger's code: it has no secret, no token of Google's, and is never run as the base branch."""
    if "pull_request_target" in w.on:
        yield f"{w.name}: pull_request_target runs a stranger's code with the base branch's rights"
    if "secrets." in w.text:
        yield f"{w.name}: names a secret; logging in is without keys, and the job's own token is github.token"
    for job, says in w.jobs.items():
        guarded = re.search(r"github\.event_name == '(push|workflow_dispatch|workflow_run)'", str(says.get("if", "")))
        if "pull_request" in w.on and "id-token" in (says.get("permissions") or {}) and not guarded:
            yield f"{w.name}: {job} has id-token on a pull request"


def rights_wait_for_an_environment(w: Workflow) -> Iterator[str]:
    """What can change something outside is held by an environment, where approval is asked for; dev's may be without."""
    for job, says in w.jobs.items():
        if "write" in (says.get("permissions") or {}).values() and "uses" not in says and not says.get("environment"):
            yield f"{w.name}: {job} may write, and has no environment"


def steps_are_tested_commands(w: Workflow) -> Iterator[str]:
    """A step runs one Make target or script of this repository, and no expression is pasted into the command."""
    targets = set(re.findall(r"(?m)^([a-z0-9-]+):", (REPOSITORY / "Makefile").read_text()))
    for job, step in w.steps():
        run = step.get("run")
        if run is None:
            continue
        words = run.split()
        if "${{" in run:
            yield f"{w.name}: {job} pastes an expression into {run!r}; give it by env"
        made = words[0] == "make" and {t for t in words[1:] if "=" not in t} <= targets
        script = words[0].startswith("tools/") and (REPOSITORY / words[0]).is_file()
        if "\n" in run.strip() or not (made or script):
            yield f"{w.name}: {job} runs {run!r}: want a Make target or a script of tools/"


def checkouts_leave_no_token(w: Workflow) -> Iterator[str]:
    """The token is not left in .git, where every later step could read it."""
    for job, step in w.steps():
        if step.get("uses", "").startswith("actions/checkout@") and (step.get("with") or {}).get("persist-credentials") is not False:
            yield f"{w.name}: {job} keeps the token in .git: want persist-credentials: false"


def jobs_end(w: Workflow) -> Iterator[str]:
    """Every job has a time limit."""
    for job, says in w.jobs.items():
        if "uses" not in says and not 0 < says.get("timeout-minutes", 0) <= 90:
            yield f"{w.name}: {job} has no timeout-minutes up to 90"


POLICIES = (
    actions_are_pinned,
    permissions_are_minimal,
    strangers_get_nothing,
    rights_wait_for_an_environment,
    steps_are_tested_commands,
    checkouts_leave_no_token,
    jobs_end,
)
