"""Asks Google what would stop the first apply: the project, billing, APIs, roles, region, version and quota. It changes nothing.

python3 tools/terraform/preflight.py dev
CLIENTELE_GOOGLE_API replaces https://SERVICE.googleapis.com by ADDRESS/SERVICE, CLIENTELE_GOOGLE_TOKEN the token of gcloud.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import urllib.error
import urllib.request
from pathlib import Path

TERRAFORM = Path(__file__).parents[2] / "terraform"
BATCH = 12  # CPUs of the smallest batch of Google's serverless Spark: a driver and two executors
BEFORE = ("cloudresourcemanager", "serviceusage")  # without them Terraform cannot switch on the others
ONLY_WITH = {"roles/container.clusterAdmin": "own_cluster", "roles/bigquery.user": "deploy_warehouse", "roles/iam.workloadIdentityPoolAdmin": "repository"}


class Google:
    """Google's REST APIs, as whoever is logged in."""

    def __init__(self) -> None:
        self.base = os.environ.get("CLIENTELE_GOOGLE_API", "")
        self.token = os.environ.get("CLIENTELE_GOOGLE_TOKEN") or subprocess.run(
            ["gcloud", "auth", "print-access-token"], check=True, capture_output=True, text=True
        ).stdout.strip()

    def ask(self, service: str, path: str, body: dict | None = None) -> dict:
        """An answer, or {"error": what Google said}."""
        base = f"{self.base}/{service}" if self.base else f"https://{service}.googleapis.com"
        data = None if body is None else json.dumps(body).encode()
        headers = {"Authorization": f"Bearer {self.token}", "Content-Type": "application/json"}
        try:
            with urllib.request.urlopen(urllib.request.Request(f"{base}/{path}", data, headers), timeout=30) as answer:
                return json.load(answer)
        except urllib.error.HTTPError as e:
            return {"error": f"{e.code} {e.read(500).decode(errors='replace')}"}
        except OSError as e:
            return {"error": str(e)}


def values(text: str) -> dict[str, str]:
    """What is needed of a terraform.tfvars: texts by name, and the project's id and number."""
    found = dict(re.findall(r'(?m)^(\w+) += "([^"]*)"', text))
    project = re.search(r'(?m)^project += \{ *id += "([^"]+)", *number += (\d+)', text)
    if not project or "region" not in found or "image_version" not in found:
        raise SystemExit("terraform.tfvars: want project = { id = …, number = … }, region and image_version")
    account = re.search(r'billing_account += "([^"]+)"', text)
    own = re.search(r"(?m)^own_cluster += \{", text)
    warehouse = re.search(r"(?m)^deploy_warehouse += true", text)
    engine = re.search(r"(?m)^deploy_engine += true", text)
    erase = re.search(r"(?m)^erase_by_dag += true", text)
    return found | {
        "project": project[1],
        "number": project[2],
        "billing_account": account[1] if account else "",
        "own_cluster": "yes" if own else "",
        "deploy_warehouse": "yes" if warehouse else "",
        "deploy_engine": "yes" if engine else "",
        "erase_by_dag": "yes" if erase else "",
    }


def roles() -> dict[str, tuple[str, str]]:
    """Role → why, and the permission that tells whether it is there."""
    text = (TERRAFORM / "modules" / "identity" / "deployer.tf").read_text()
    return {r: (why, p) for r, why, p in re.findall(r'"(roles/[\w.]+)" = {\s+why += "([^"]+)"\s+permission += "([\w.]+)"', text)}


def apis(v: dict[str, str]) -> list[str]:
    """The APIs that Terraform switches on: those of every environment, and those of the switches that are on."""
    (concat,) = re.findall(r"(?s)apis = toset\(concat\((.*?)\n  \)\)", (TERRAFORM / "modules" / "environment" / "main.tf").read_text())
    always, *switched = concat.splitlines()[1:]
    names = always + "".join(line for line in switched if any(v.get(name) for name in re.findall(r"var\.(\w+) \?", line)))
    return re.findall(r'"(\w+)"', names)


def check(google: Google, v: dict[str, str]) -> tuple[list[str], list[str]]:
    """(what stops an apply, what is only worth knowing)."""
    stops, notes = [], []
    got = google.ask("cloudresourcemanager", f"v1/projects/{v['project']}")
    if "error" in got:
        return [f"project {v['project']}: {got['error']}"], notes
    if got.get("projectNumber") != v["number"] or got.get("lifecycleState") != "ACTIVE":
        stops.append(f"project: its number is {got.get('projectNumber')} and it is {got.get('lifecycleState')}, terraform.tfvars has {v['number']}")

    got = google.ask("cloudbilling", f"v1/projects/{v['project']}/billingInfo")
    if not got.get("billingEnabled"):
        stops.append(f"billing: {got.get('error', 'no billing account pays for the project')}")

    got = google.ask("serviceusage", f"v1/projects/{v['project']}/services?filter=state:ENABLED&pageSize=200")
    on = {s["config"]["name"].split(".")[0] for s in got.get("services", [])}
    if off := [a for a in apis(v) if a not in on]:
        notes.append(f"APIs that Terraform will switch on: {', '.join(off)}")
    if off := [a for a in BEFORE if a not in on]:
        stops.append(f"APIs: gcloud services enable {' '.join(a + '.googleapis.com' for a in off)} ({got.get('error', 'off')})")

    if v["erase_by_dag"]:
        own = "the account clientele-erase, which you make in the cluster"
        notes.append(f"erase_by_dag lets {own if v['own_cluster'] else 'every pod, all being one account,'} delete objects of both buckets")
    stops += _roles(google, v)
    stops += _region(google, v)
    return stops, notes


def _roles(google: Google, v: dict[str, str]) -> list[str]:
    """The roles of the deployer that are missing: on the project, of storage on that of the data too (each has buckets), of billing on its account."""
    data, wrong = v.get("data_project") or v["project"], []
    wanted = {r: (why, p) for r, (why, p) in roles().items() if v.get(ONLY_WITH.get(r, "region"))}
    places = {
        f"project {v['project']}": ("cloudresourcemanager", f"v1/projects/{v['project']}", lambda r: not re.search(r"roles/(bigquery|billing)\.", r)),
        f"project {data}": ("cloudresourcemanager", f"v1/projects/{data}", lambda r: re.search(r"roles/(storage|bigquery)\.", r)),
    }
    if v["billing_account"]:
        account = f"billingAccounts/{v['billing_account']}"
        places[account] = ("cloudbilling", f"v1/{account}", lambda r: "billing." in r)
    if data == v["project"]:
        places[f"project {data}"] = ("cloudresourcemanager", f"v1/projects/{data}", lambda r: "billing." not in r)
    for place, (service, path, here) in places.items():
        asked = {r: p for r, (_, p) in wanted.items() if here(r)}
        got = google.ask(service, f"{path}:testIamPermissions", {"permissions": sorted(asked.values())})
        if "error" in got:
            wrong.append(f"roles on {place}: {got['error']}")
            continue
        wrong += [f"role {r} on {place} is missing: it is needed to {wanted[r][0]}" for r, p in asked.items() if p not in got.get("permissions", [])]
    return wrong


def _region(google: Google, v: dict[str, str]) -> list[str]:
    """Whether Composer has the version in the region, and a cluster of one's own room for the largest step."""
    got = google.ask("composer", f"v1/projects/{v['project']}/locations/{v['region']}/imageVersions?pageSize=500")
    found = [i["imageVersionId"] for i in got.get("imageVersions", [])]
    wrong = []
    if not any(i == v["image_version"] or i.startswith(v["image_version"] + "-build.") for i in found):
        there = ", ".join([i for i in found if i.startswith("composer-3-")][:5]) or got.get("error", "none")
        wrong.append(f"Composer in {v['region']} has no {v['image_version']}; it has {there}")
    return wrong + [text for text in [_quota(google, v)] if text]


def _quota(google: Google, v: dict[str, str]) -> str:
    """What the region's quota of CPUs has no room for: the largest step in a cluster of one's own, and a batch of the engine."""
    needs = {}
    if v["own_cluster"]:
        contract = json.loads((TERRAFORM.parent / "dags" / "clientele" / "contract.json").read_text())
        step = max(float(s["pod"]["cpu"].removesuffix("m")) / (1000 if s["pod"]["cpu"].endswith("m") else 1) for s in contract["steps"])
        needs["the largest step asks for"] = step
    if v["deploy_engine"]:
        needs["a batch of a driver and two executors with 4 each asks for"] = BATCH
    if not needs:
        return ""
    got = google.ask("compute", f"v1/projects/{v['project']}/regions/{v['region']}")
    left = next((q["limit"] - q["usage"] for q in got.get("quotas", []) if q["metric"] == "CPUS"), None)
    if left is not None and left >= sum(needs.values()):
        return ""
    asked = ", ".join(f"{who} {n:g}" for who, n in needs.items())
    return f"quota CPUS in {v['region']}: {got.get('error', f'{left} left')}, {asked}"


def main() -> int:
    folder = TERRAFORM / "envs" / (sys.argv[1] if len(sys.argv) > 1 else "")
    file = folder / "terraform.tfvars"
    if len(sys.argv) != 2 or not file.exists():
        print(f"usage: make preflight ENV=dev; it reads {file}, made from terraform.tfvars.example", file=sys.stderr)
        return 64
    stops, notes = check(Google(), values(file.read_text()))
    for line in notes:
        print(f"note: {line}")
    for line in stops:
        print(f"stops: {line}")
    print("nothing that was looked at stops an apply" if not stops else f"{len(stops)} to correct before an apply")
    return 78 if stops else 0


if __name__ == "__main__":
    sys.exit(main())
