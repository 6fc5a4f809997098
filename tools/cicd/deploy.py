"""Deploys a set of DAGs to an environment, and goes back to the set before it.

python3 tools/cicd/deploy.py build  --images dist/images/images.json --out dist/dags
python3 tools/cicd/deploy.py deploy --env dev --set dist/dags/NAME.zip [--smoke COMMAND] [--dry-run] [--yes]
python3 tools/cicd/deploy.py back   --env dev [--dry-run] [--yes]
python3 tools/cicd/deploy.py show   --env dev
python3 tools/cicd/deploy.py prune  --env dev [--dry-run] [--yes]

The DAGs folder is Terraform's output of --env, or --to gs://bucket/dags or a folder. In it:

    clientele_dags.py             what Airflow reads; loads the first set of the list that is there whole
    clientele/current.json        the list: the current set, then those before it
    clientele/sets/NAME.zip       the sets, which never change

A set is copied and read back before current.json, the one small file, is swapped: killed at any moment, the old set is current and
whole. Going back swaps current.json again and copies nothing.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import dagset
from dagset import REPOSITORY, DagSet
from stores import Lost, Refused, Store, store

CURRENT = "clientele/current.json"
LOADER = "clientele_dags.py"
IGNORE = "clientele/.airflowignore"
SETS = "clientele/sets/"
KEPT = 10  # sets that there is a way back to
OLD_LAYOUTS = ("clientele.zip", "clientele_segmentation.py", "clientele_drift.py", "clientele_rollback.py")


class Environment:
    """The DAGs folder of one environment."""

    def __init__(self, where: Store):
        self.store = where
        self.text, self.version = where.read(CURRENT)
        self.sets: list[dict[str, str]] = json.loads(self.text)["sets"] if self.text else []

    def plan(self, new: DagSet) -> list[str]:
        """What a deployment of the set would do, a line each; nothing if it is current and all is there."""
        found = [n for n in OLD_LAYOUTS if self.store.read(n)[0] is not None]
        if found:
            raise Refused(f"{', '.join(found)} in the DAGs folder would define the same DAGs: remove it first")
        steps = [f"write {name}" for name, data in self._fixed() if self.store.read(name)[0] != data]
        there = self.store.read(self._path(new.name))[0]
        if there is not None and there != new.data:
            raise Refused(f"{self._path(new.name)} is there with other bytes: a set never changes. Make the set again from its commit")
        if there is None:
            steps.append(f"copy {self._path(new.name)} ({len(new.data)} bytes, sha256 {new.sha256[:12]}) and read it back")
        if not self.sets or self.sets[0] != new.entry():
            steps.append(f"switch {CURRENT}: {self.sets[0]['name'] if self.sets else 'nothing'} -> {new.name}")
        return steps

    def deploy(self, new: DagSet) -> None:
        """Copies the set, then switches to it. Starting it again after it was killed goes on where it was."""
        (ignore, rule), (loader, code) = self._fixed()
        self._put(ignore, rule)  # first: Airflow would read the sets itself
        try:
            self.store.create(self._path(new.name), new.data)
        except Lost:
            pass  # an earlier try has copied it, or half of two deployments of one set; it is read back either way
        if self.store.read(self._path(new.name))[0] != new.data:
            raise Refused(f"{self._path(new.name)} reads back differently; nothing was switched")
        self._switch([new.entry(), *(s for s in self.sets if s != new.entry())][:KEPT])
        self._put(loader, code)  # last: without a current set it would be an import error

    def back(self) -> dict[str, str]:
        """The set before the current one; Refused if there is none, or it is not whole."""
        if len(self.sets) < 2:
            raise Refused(f"there is no set before {self.sets[0]['name']}" if self.sets else "no set was deployed here")
        before = self.sets[1]
        data = self.store.read(self._path(before["name"]))[0]
        if data is None or DagSet(before["name"], data).entry() != before:
            raise Refused(f"{self._path(before['name'])} is missing or damaged: deploy that release again")
        return before

    def go_back(self) -> None:
        """Makes the set before current again; its file was never touched."""
        self.back()
        self._switch(self.sets[1:])

    def unused(self) -> list[str]:
        """Sets that the list does not name, and so nothing leads back to."""
        return sorted(set(self.store.names(SETS)) - {self._path(s["name"]) for s in self.sets})

    def _switch(self, sets: list[dict[str, str]]) -> None:
        if sets != self.sets:
            self.store.swap(CURRENT, (json.dumps({"sets": sets}, indent=1) + "\n").encode(), self.version)
            self.text, self.version = self.store.read(CURRENT)
            self.sets = json.loads(self.text)["sets"]

    def _put(self, name: str, data: bytes) -> None:
        there, version = self.store.read(name)
        if there != data:
            self.store.swap(name, data, version)

    def _fixed(self) -> list[tuple[str, bytes]]:
        loader = Path(__file__).with_name(LOADER).read_bytes()
        return [(IGNORE, b"sets/\n"), (LOADER, loader)]

    def _path(self, name: str) -> str:
        return f"{SETS}{name}.zip"


def folder_of(env: str) -> str:
    """The DAGs folder that Terraform has made for an environment."""
    command = ["terraform", f"-chdir={REPOSITORY / 'terraform/envs' / env}", "output", "-json", "clientele"]
    try:
        return json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)["dags"]
    except (OSError, subprocess.CalledProcessError, ValueError, KeyError) as e:
        said = (getattr(e, "stderr", "") or str(e)).strip()
        raise Refused(f"no DAGs folder of {env}: {said}. Say it by --to, or apply Terraform first") from e


def confirmed(args: argparse.Namespace, steps: list[str], where: str) -> bool:
    """Prints the plan and asks. Without a terminal, and without --yes, the answer is no."""
    print(f"{where}:", *(f"  {s}" for s in steps or ["nothing to do"]), sep="\n", flush=True)
    if args.dry_run or not steps:
        return False
    if args.yes:
        return True
    if not sys.stdin.isatty():
        raise Refused("not confirmed: there is no terminal to ask; --yes (YES=1) confirms")
    return input("Do it? [yes/no] ").strip() == "yes"


def run_deploy(args: argparse.Namespace, where: str) -> int:
    """deploy: the current set is the new one and has passed its smoke run, or the old one again."""
    environment, new = Environment(store(where)), dagset.opened(args.set)
    steps = environment.plan(new)
    if args.smoke and steps:
        steps.append(f"smoke run: {args.smoke}; go back if it fails")
    if not confirmed(args, steps, where):
        return 0
    had = environment.sets
    environment.deploy(new)
    print(f"current: {new.name}", flush=True)
    if not args.smoke:
        return 0
    code = subprocess.run(args.smoke, shell=True, env={**os.environ, "CLIENTELE_SET": new.name, "CLIENTELE_DAGS": where}).returncode
    if code == 0:
        print("the smoke run passed", flush=True)
        return 0
    if not had or had[0] == new.entry():
        raise Refused(f"the smoke run failed (exit code {code}), and no other set was current before: pause the DAGs")
    environment.go_back()
    raise Refused(f"the smoke run failed (exit code {code}); current again: {environment.sets[0]['name']}")


def run_back(args: argparse.Namespace, where: str) -> int:
    """back: the set before is current."""
    environment = Environment(store(where))
    before = environment.back()
    if confirmed(args, [f"switch {CURRENT}: {environment.sets[0]['name']} -> {before['name']}"], where):
        environment.go_back()
        print(f"current: {before['name']}")
    return 0


def run_prune(args: argparse.Namespace, where: str) -> int:
    """prune: sets that nothing leads back to are gone."""
    environment = Environment(store(where))
    unused = environment.unused()
    if confirmed(args, [f"delete {name}" for name in unused], where):
        for name in unused:
            environment.store.delete(name)
    return 0


def run_show(_: argparse.Namespace, where: str) -> int:
    """show: the current set, and those that there is a way back to."""
    for i, one in enumerate(Environment(store(where)).sets):
        print("current" if i == 0 else "   before", one["name"], one["sha256"][:12])
    return 0


def run_build(args: argparse.Namespace, _: str) -> int:
    """build: the set's file, whose path is printed."""
    new = dagset.build(args.images)
    args.out.mkdir(parents=True, exist_ok=True)
    path = args.out / f"{new.name}.zip"
    path.write_bytes(new.data)
    print(path)
    return 0


def main(words: list[str] | None = None) -> int:
    """Exit code 0, or 1 with the reason."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(required=True)
    runs: dict[str, Callable[[argparse.Namespace, str], int]] = {
        "build": run_build, "deploy": run_deploy, "back": run_back, "show": run_show, "prune": run_prune
    }  # fmt: skip
    for name, run in runs.items():
        p = commands.add_parser(name)
        p.set_defaults(run=run)
        if name == "build":
            p.add_argument("--images", type=Path, default=REPOSITORY / "dist/images/images.json")
            p.add_argument("--out", type=Path, default=REPOSITORY / "dist/dags")
            continue
        p.add_argument("--env", default="")
        p.add_argument("--to", default="")
        p.add_argument("--dry-run", action="store_true")
        p.add_argument("--yes", action="store_true")
        if name == "deploy":
            p.add_argument("--set", type=Path, required=True)
            p.add_argument("--smoke", default="")
    args = parser.parse_args(words)
    try:
        if args.run is run_build:
            return args.run(args, "")
        if not args.to and not args.env:
            raise Refused("want --env dev (ENV=dev) or --to gs://bucket/dags")
        return args.run(args, args.to or folder_of(args.env))
    except Refused as e:
        print(f"deploy: {e}", file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main())
