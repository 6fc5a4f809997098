"""What the workflows call beside deploy.py: release notes, the smoke run, the judge of plans, bills of materials."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest
from conftest import CICD, REPOSITORY, git

import release

FRAGMENT = "Enhancement: See more\n\nOne line\nand another.\n"


@pytest.fixture
def released(tmp_path):
    """A tree that is a release."""
    root = tmp_path / "tree"
    for path, text in {
        "VERSION": "0.2.0\n",
        "dags/clientele/contract.json": '{"version": "0.2.0"}',
        "changelog/0.2.0/see-more": FRAGMENT,
        "changelog/0.2.0/mend": "Fix: Count once\n\nIt counted twice.\n",
        "changelog/0.2.0/a-change": "Change: Another flag\n\nUse --new.\n",
    }.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(text)
    git(root, "init", "--quiet")
    git(root, "add", "-A")
    git(root, "commit", "--quiet", "-m", "Release 0.2.0")
    return root


def test_notes_are_the_fragments_by_kind(released, capsys):
    assert release.main([], released) == 0
    assert capsys.readouterr().out == (
        "# Clientele 0.2.0\n\n## Changes\n\n**Another flag.** Use --new.\n\n## New\n\n**See more.** One line and another.\n"
        "\n## Fixed\n\n**Count once.** It counted twice.\n"
    )


@pytest.mark.parametrize(
    ("path", "text", "says"),
    [
        ("VERSION", "0.2.0-dev\n", "want a release such as 0.2.0"),
        ("VERSION", "0.3.0\n", "want version 0.3.0 (got 0.2.0)"),
        ("VERSION", "0.3.0\n", "git mv changelog/unreleased changelog/0.3.0"),
        ("dags/clientele/contract.json", '{"version": "0.1.0"}', "make contract"),
        ("changelog/0.2.0/mend", "Fixed: x\n\ny\n", "mend: want 'Change or Enhancement or Bugfix: title'"),
        ("changelog/0.2.0/mend", "Bugfix: x\n", "an empty line and a text"),
    ],
)
def test_a_tree_that_is_no_release_is_refused(released, capsys, path, text, says):
    (released / path).write_text(text)
    assert release.main([], released) == 1
    assert says in capsys.readouterr().err


def test_a_version_is_released_once(released, capsys):
    git(released, "tag", "v0.2.0")
    assert release.main([], released) == 1
    assert "is tagged already" in capsys.readouterr().err


def test_the_fragments_of_this_tree_make_notes():
    done = subprocess.run([sys.executable, str(CICD / "release.py"), "--next"], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("# Clientele ")


# A gcloud that answers as `composer environments run` does: a line of its own, then Airflow's JSON.
GCLOUD = """#!/bin/sh
echo "$*" >>"$CALLS"
case "$*" in
  *"dags details"*) echo '{"tags": ["clientele", "set:'"$HAS"'"]}' ;;
  *list-import-errors*) echo "$ERRORS" ;;
  *"list-runs -- -d"*) exit 2 ;;
  *list-runs*) run=$(sed -n 's/.*--run-id //p' "$CALLS"); echo "Executing"; echo '[{"run_id": "'"$run"'", "state": "'"$STATE"'"}]' ;;
esac
"""


@pytest.fixture
def smoke(tmp_path):
    """Runs smoke.sh on an environment that answers so."""
    stub = tmp_path / "gcloud"
    stub.write_text(GCLOUD)
    stub.chmod(0o755)

    def run(**answers: str) -> subprocess.CompletedProcess[str]:
        env = {"HAS": "new", "ERRORS": "[]", "STATE": "success", "SMOKE_DAG": "clientele_drift", "MINUTES": "0", "PAUSE": "0"}
        env |= {"CLIENTELE_SET": "new", "ENVIRONMENT": "e", "LOCATION": "l", "CALLS": str(tmp_path / "calls")} | answers
        env = os.environ | {"PATH": f"{tmp_path}:{os.environ['PATH']}"} | env
        return subprocess.run([str(CICD / "smoke.sh")], env=env, capture_output=True, text=True, timeout=60)

    return run


def test_a_smoke_run_passes(smoke):
    done = smoke()
    assert done.returncode == 0, done.stderr
    assert "clientele_segmentation is of the set" in done.stdout and "succeeded" in done.stdout


@pytest.mark.parametrize(
    ("answers", "says"),
    [
        ({"HAS": "old"}, "clientele_drift is of the set: not within"),
        ({"ERRORS": '[{"filepath": "/dags/clientele_dags.py"}]'}, "no import error: not within"),
        ({"STATE": "failed"}, "clientele_drift failed"),
        ({"STATE": "running"}, "succeeded: not within"),
    ],
)
def test_a_smoke_run_fails(smoke, answers, says):
    done = smoke(**answers)
    assert done.returncode == 1 and says in done.stderr, done.stderr


def test_a_smoke_run_of_several_shops_looks_for_theirs(smoke, tmp_path):
    done = smoke(DAG_IDS="clientele_drift_uk clientele_drift_de", SMOKE_DAG="")
    assert done.returncode == 0 and "clientele_drift_de is of the set" in done.stdout, done.stderr
    assert "clientele_rollback" not in done.stdout


def test_a_smoke_run_may_only_look(smoke, tmp_path):
    assert smoke(SMOKE_DAG="").returncode == 0
    assert "trigger" not in (tmp_path / "calls").read_text()


@pytest.mark.parametrize("action", ["create", "update"])
def test_a_plan_is_judged(tmp_path, action):
    values = {"bucket": "b", "role": "roles/storage.objectViewer", "member": "allUsers", "condition": []}
    change = {"actions": [action], "after": values, "after_unknown": {}}
    plan = {"resource_changes": [{"address": "x", "type": "google_storage_bucket_iam_member", "mode": "managed", "change": change}]}

    def judged() -> subprocess.CompletedProcess[str]:
        (tmp_path / "plan.json").write_text(json.dumps(plan))
        words = [sys.executable, "tools/terraform/judge.py", str(tmp_path / "plan.json")]
        return subprocess.run(words, cwd=REPOSITORY, capture_output=True, text=True)

    assert judged().returncode == 1
    values["member"] = "serviceAccount:a@b.iam.gserviceaccount.com"
    done = judged()
    assert done.returncode == 0, done.stdout + done.stderr


# A record of Go's vulnerability database, as a file: https://go.dev/doc/security/vuln/database#schema
PLANTED = {
    "schema_version": "1.3.1",
    "id": "GO-2026-9999",
    "modified": "2026-01-01T00:00:00Z",
    "published": "2026-01-01T00:00:00Z",
    "summary": "planted by a test",
    "details": "planted by a test",
    "affected": [
        {
            "package": {"name": "stdlib", "ecosystem": "Go"},
            "ranges": [{"type": "SEMVER", "events": [{"introduced": "0"}]}],
            "ecosystem_specific": {"imports": [{"path": "container/ring", "symbols": ["New"]}]},
        }
    ],
    "database_specific": {"url": "https://pkg.go.dev/vuln/GO-2026-9999", "review_status": "REVIEWED"},
}


@pytest.mark.parametrize(("calls", "code"), [("ring.New(1)", 1), ("new(ring.Ring)", 0)])
def test_what_is_called_and_known_to_be_vulnerable_fails(tmp_path, calls, code):
    """Only what the code calls counts, by a database that is a folder."""
    about = {"id": PLANTED["id"], "modified": PLANTED["modified"]}
    for path, value in {
        "index/db.json": {"modified": PLANTED["modified"]},
        "index/modules.json": [{"path": "stdlib", "vulns": [about]}],
        "index/vulns.json": [about | {"aliases": []}],
        f"ID/{PLANTED['id']}.json": PLANTED,
    }.items():
        (tmp_path / "db" / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "db" / path).write_text(json.dumps(value))
    (tmp_path / "go.mod").write_text("module planted\n\ngo 1.26\n")
    (tmp_path / "main.go").write_text(f'package main\n\nimport "container/ring"\n\nfunc main() {{ _ = {calls} }}\n')
    words = [str(CICD / "supply.sh"), "vulnerabilities", "-C", str(tmp_path), "./..."]
    done = subprocess.run(words, env=os.environ | {"VULNDB": f"file://{tmp_path}/db"}, capture_output=True, text=True, timeout=280)
    assert done.returncode == code, done.stdout + done.stderr
    assert ("GO-2026-9999" in done.stdout) == bool(code)


def test_a_bill_of_materials_lists_the_modules_of_a_program(tmp_path):
    program = REPOSITORY / "bin/demo"
    assert program.is_file(), "make test-cicd builds it"
    words = [str(CICD / "supply.sh"), "sbom", "demo"]
    done = subprocess.run(words, env=os.environ | {"OUT": str(tmp_path)}, capture_output=True, text=True, timeout=280)
    assert done.returncode == 0, done.stderr
    bill = json.loads((tmp_path / "demo.cdx.json").read_text())
    listed = {(c["name"], c["version"]) for c in bill["components"]}
    said = subprocess.run(["go", "version", "-m", str(program)], check=True, capture_output=True, text=True).stdout
    linked = {tuple(line.split()[1:3]) for line in said.splitlines() if line.startswith("\tdep\t")}
    assert linked and linked <= listed
    assert bill["metadata"]["component"]["version"] == (REPOSITORY / "VERSION").read_text().strip()


@pytest.mark.skipif("COSIGN_BIN" not in os.environ, reason="COSIGN_BIN names no cosign; building it takes some minutes")
def test_who_has_signed_an_image(tmp_path):
    """A signed image is accepted by the key that signed it, by no other, and one that nobody signed is not."""
    env = os.environ | {"OUT": str(tmp_path), "BUILDER": "ociimage", "COSIGN_PASSWORD": ""}

    def supply(command: str, **more: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run([str(CICD / "supply.sh"), command], env=env | more, capture_output=True, text=True, timeout=300)

    for who in ("shop", "somebody"):
        subprocess.run([env["COSIGN_BIN"], "generate-key-pair", f"--output-key-prefix={who}"], cwd=tmp_path, env=env, check=True, capture_output=True)
    subprocess.run(["tools/images.sh", "demo"], cwd=REPOSITORY, env=env, check=True, capture_output=True)
    serve = ["go", "run", "-C", str(REPOSITORY / "tools"), "./ociimage", "serve"]
    with subprocess.Popen(serve, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as registry:
        address = registry.stdout.readline().strip()
        signed, unsigned = {"IMAGES": f"{address}/signed"}, {"IMAGES": f"{address}/unsigned"}
        for images in (signed, unsigned):
            pushed = supply("push", **images)
            assert pushed.returncode == 0, pushed.stderr
        sign = supply("sign", **signed, COSIGN_KEY=str(tmp_path / "shop.key"))
        assert sign.returncode == 0, sign.stderr
        accepted = supply("verify", **signed, COSIGN_PUB=str(tmp_path / "shop.pub"))
        other = supply("verify", **signed, COSIGN_PUB=str(tmp_path / "somebody.pub"))
        nobody = supply("verify", **unsigned, COSIGN_PUB=str(tmp_path / "shop.pub"))
        registry.stdin.close()
    assert accepted.returncode == 0 and accepted.stdout.startswith(f"signed: {address}/signed/demo@sha256:"), accepted.stderr
    assert other.returncode != 0 and "failed to verify signature" in other.stderr, other.stderr
    assert nobody.returncode != 0 and "no signatures found" in nobody.stderr, nobody.stderr
