"""Deploying and going back, on a folder and on a bucket of fake-gcs-server: killed at every step, raced, refused."""

from __future__ import annotations

import io
import json
import os
import pty
import signal
import subprocess
import sys
import zipfile

import pytest
from conftest import CICD, run

import dagset
import deploy
import stores
from deploy import CURRENT, LOADER, SETS


def everything(place: str) -> dict[str, bytes]:
    """Every object that a deployment can write, by its name."""
    where = stores.store(place)
    names = [*deploy.Environment(where).store.names(SETS), CURRENT, LOADER, deploy.IGNORE]
    return {n: data for n in names if (data := where.read(n)[0]) is not None}


def in_force(place: str) -> str:
    return json.loads(everything(place)[CURRENT])["sets"][0]["name"]


def saved(new: dagset.DagSet, folder) -> str:
    path = folder / f"{new.name}.zip"
    path.write_bytes(new.data)
    return str(path)


def deployed(new: dagset.DagSet, place: str) -> None:
    deploy.Environment(stores.store(place)).deploy(new)


def test_the_same_commit_is_the_same_bytes(tree):
    first = tree.commit("one")
    assert dagset.build(tree.images, tree.root) == first
    assert first.name.startswith("0.2.0.") and len(first.name.split(".")) == 5, "version, commit, content"
    second = tree.commit("two")
    assert second.name != first.name
    tree.digests("0.2.0", ingest="d", score="b", registry="c")
    assert dagset.build(tree.images, tree.root).name != second.name, "other images are another set"


def test_a_changed_tree_says_so(tree):
    tree.commit("one")
    (tree.root / "dags/clientele_drift.py").write_text("# changed\n")
    assert "-modified." in dagset.build(tree.images, tree.root).name


def test_a_set_has_the_digests_that_it_was_tested_with(tree):
    with zipfile.ZipFile(io.BytesIO(tree.commit("one").data)) as z:
        assert z.read("clientele/images.json") == tree.images.read_bytes()


@pytest.mark.parametrize(
    ("version", "letters", "says"),
    [
        ("0.1.0", {"ingest": "a", "score": "b", "registry": "c"}, "want the images of version 0.2.0"),
        ("0.2.0", {"ingest": "a", "registry": "c"}, "no digest of score"),
        ("0.2.0", {"ingest": "a", "score": "B", "registry": "c"}, "no digest of score"),
    ],
)
def test_images_of_another_set_are_refused(tree, version, letters, says):
    tree.commit("one")
    tree.digests(version, **letters)
    with pytest.raises(stores.Refused, match=says):
        dagset.build(tree.images, tree.root)


def test_a_set_that_was_tampered_with_is_refused(tree, tmp_path):
    good = tree.commit("one")
    packed = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(good.data)) as old, zipfile.ZipFile(packed, "w") as new:
        for name in old.namelist():
            new.writestr(name, old.read(name) + (b"#" if name == "clientele_drift.py" else b""))
    path = saved(dagset.DagSet(good.name, packed.getvalue()), tmp_path)
    done = run("deploy", "--to", str(tmp_path / "dags"), "--set", path, "--yes")
    assert done.returncode == 1 and "not those that its set.json lists" in done.stderr
    assert not (tmp_path / "dags").exists()


def test_deploy_and_the_way_back_restore_every_byte(tree, place, tmp_path):
    one, two = tree.commit("one"), tree.commit("two")
    deployed(one, place)
    before = everything(place)
    done = run("deploy", "--to", place, "--set", saved(two, tmp_path), "--yes")
    assert done.returncode == 0, done.stderr
    assert in_force(place) == two.name
    done = run("back", "--to", place, "--yes")
    assert done.returncode == 0, done.stderr
    after = everything(place)
    assert after.pop(f"{SETS}{two.name}.zip") == two.data, "a set that is not current stays for the next time"
    assert after == before
    done = run("back", "--to", place, "--yes")
    assert done.returncode == 1 and f"there is no set before {one.name}" in done.stderr


def test_a_second_deployment_of_a_set_does_nothing(tree, place, tmp_path):
    new = tree.commit("one")
    deployed(new, place)
    before = everything(place)
    done = run("deploy", "--to", place, "--set", saved(new, tmp_path))
    assert done.returncode == 0 and "nothing to do" in done.stdout, done.stderr
    assert everything(place) == before


def test_the_plan_is_all_that_a_dry_run_does(tree, place, tmp_path):
    path = saved(tree.commit("one"), tmp_path)
    done = run("deploy", "--to", place, "--set", path, "--dry-run")
    assert done.returncode == 0, done.stderr
    assert "switch clientele/current.json: nothing -> 0.2.0." in done.stdout and "copy clientele/sets/0.2.0." in done.stdout
    assert everything(place) == {}


def test_without_a_terminal_nothing_is_confirmed(tree, tmp_path):
    place = str(tmp_path / "dags")
    done = run("deploy", "--to", place, "--set", saved(tree.commit("one"), tmp_path))
    assert done.returncode == 1 and "no terminal to ask" in done.stderr
    assert everything(place) == {}


@pytest.mark.parametrize(("answer", "written"), [("yes\n", True), ("y\n", False), ("no\n", False)])
def test_it_asks(tree, tmp_path, answer, written):
    place, (ours, theirs) = str(tmp_path / "dags"), pty.openpty()
    words = [sys.executable, str(CICD / "deploy.py"), "deploy", "--to", place, "--set", saved(tree.commit("one"), tmp_path)]
    process = subprocess.Popen(words, stdin=theirs, stdout=subprocess.DEVNULL)
    os.write(ours, answer.encode())
    assert process.wait(30) == 0
    os.close(ours), os.close(theirs)
    assert bool(everything(place)) == written


# Ends the process at the n-th write, before it or after it; a folder's write in its middle too, when only half a file is there.
KILL = """
import os, signal, stores
left = [{nth}]
def die(*_):
    os.kill(os.getpid(), signal.SIGKILL)
for kind in (stores.Folder, stores.Bucket):
    def swap(self, name, data, version, write=kind.swap):
        left[0] -= 1
        if left[0] == 0 and {when!r} == "before": die()
        if left[0] == 0 and {when!r} == "half": os.replace = die; data = data[: len(data) // 2]
        write(self, name, data, version)
        if left[0] == 0: die()
    kind.swap = swap
    kind.create = lambda self, name, data: self.swap(name, data, "")
"""


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("nth", [1, 2])
def test_killed_half_way_the_old_set_is_whole(tree, place, tmp_path, nth, when):
    """A second deployment writes twice: the set, then current.json."""
    killed_and_again(tree, place, tmp_path, nth, when)


@pytest.mark.parametrize("nth", [1, 2])
def test_killed_within_a_file_the_old_set_is_whole(tree, tmp_path, nth):
    """A bucket has no half objects: an upload is there whole or not at all."""
    killed_and_again(tree, str(tmp_path / "dags"), tmp_path, nth, "half")


def killed_and_again(tree, place, tmp_path, nth, when):
    """Kills a deployment, looks at what Airflow has, and deploys again."""
    one, two = tree.commit("one"), tree.commit("two")
    deployed(one, place)
    before, path = everything(place), saved(two, tmp_path)
    killed = run("deploy", "--to", place, "--set", path, "--yes", code=KILL.format(nth=nth, when=when))
    assert killed.returncode == -signal.SIGKILL, killed.stderr
    after = everything(place)
    if (nth, when) == (2, "after"):
        assert in_force(place) == two.name, "switched, whole, and then killed"
    else:
        assert {n: after[n] for n in before} == before
    again = run("deploy", "--to", place, "--set", path, "--yes")
    assert again.returncode == 0, again.stderr
    assert in_force(place) == two.name
    assert everything(place)[f"{SETS}{two.name}.zip"] == two.data


@pytest.mark.parametrize("nth", [1, 2, 3, 4])
def test_the_first_deployment_killed_shows_airflow_nothing(tree, place, tmp_path, nth):
    """It writes four times; Airflow finds no DAG file until all else is there."""
    path = saved(tree.commit("one"), tmp_path)
    killed = run("deploy", "--to", place, "--set", path, "--yes", code=KILL.format(nth=nth, when="before"))
    assert killed.returncode == -signal.SIGKILL, killed.stderr
    after = everything(place)
    assert LOADER not in after
    assert deploy.IGNORE in after or not after, "sets are never where Airflow would read them itself"
    assert run("deploy", "--to", place, "--set", path, "--yes").returncode == 0


def test_the_way_back_killed_changes_nothing_or_all(tree, place):
    one, two = tree.commit("one"), tree.commit("two")
    deployed(one, place)
    deployed(two, place)
    assert run("back", "--to", place, "--yes", code=KILL.format(nth=1, when="before")).returncode == -signal.SIGKILL
    assert in_force(place) == two.name
    assert run("back", "--to", place, "--yes", code=KILL.format(nth=1, when="after")).returncode == -signal.SIGKILL
    assert in_force(place) == one.name


def test_of_two_at_once_one_is_refused(tree, place):
    one, two, three = tree.commit("one"), tree.commit("two"), tree.commit("three")
    deployed(one, place)
    slow = deploy.Environment(stores.store(place))
    deployed(two, place)
    with pytest.raises(stores.Lost, match="changed by another deployment"):
        slow.deploy(three)
    assert in_force(place) == two.name


def test_a_failed_smoke_run_goes_back(tree, place, tmp_path):
    one, two = tree.commit("one"), tree.commit("two")
    deployed(one, place)
    before = everything(place)
    smoke = f'test "$CLIENTELE_SET" = {one.name}'
    done = run("deploy", "--to", place, "--set", saved(two, tmp_path), "--smoke", smoke, "--yes")
    assert done.returncode == 1 and f"current again: {one.name}" in done.stderr
    after = everything(place)
    assert {n: after[n] for n in before} == before


def test_a_damaged_set_is_not_gone_back_to(tree, place):
    one, two = tree.commit("one"), tree.commit("two")
    deployed(one, place)
    deployed(two, place)
    where = stores.store(place)
    name = f"{SETS}{one.name}.zip"
    where.swap(name, one.data[:-1], where.read(name)[1])
    done = run("back", "--to", place, "--yes")
    assert done.returncode == 1 and "missing or damaged" in done.stderr
    assert in_force(place) == two.name


def test_a_set_never_changes(tree, place, tmp_path):
    new = tree.commit("one")
    stores.store(place).create(f"{SETS}{new.name}.zip", b"something else")
    done = run("deploy", "--to", place, "--set", saved(new, tmp_path), "--yes")
    assert done.returncode == 1 and "there with other bytes" in done.stderr
    assert CURRENT not in everything(place)


def test_dags_of_the_older_layout_are_in_the_way(tree, place, tmp_path):
    stores.store(place).create("clientele.zip", b"PK")
    done = run("deploy", "--to", place, "--set", saved(tree.commit("one"), tmp_path), "--yes")
    assert done.returncode == 1 and "would define the same DAGs" in done.stderr


def test_only_sets_without_a_way_back_are_pruned(tree, place):
    sets = [tree.commit(f"number {i}") for i in range(deploy.KEPT + 2)]
    for one in sets:
        deployed(one, place)
    done = run("prune", "--to", place, "--yes")
    assert done.returncode == 0, done.stderr
    kept = {n for n in everything(place) if n.startswith(SETS)}
    assert kept == {f"{SETS}{s.name}.zip" for s in sets[2:]}


def test_show_lists_the_way_back(tree, place):
    one, two = tree.commit("one"), tree.commit("two")
    deployed(one, place)
    deployed(two, place)
    lines = run("show", "--to", place).stdout.splitlines()
    assert [line.split()[-2] for line in lines] == [two.name, one.name] and lines[0].startswith("current")


def test_a_place_must_be_named():
    done = run("show")
    assert done.returncode == 1 and "want --env" in done.stderr
    done = run("show", "--to", "s3://bucket")
    assert done.returncode == 1 and "want gs://" in done.stderr


def test_the_folder_of_an_environment_is_terraforms_output(tree, tmp_path):
    (tmp_path / "bin").mkdir()
    stub = tmp_path / "bin/terraform"
    stub.write_text(f'#!/bin/sh\necho \'{{"dags": "{tmp_path}/dags"}}\'\n')
    stub.chmod(0o755)
    path = saved(tree.commit("one"), tmp_path)
    done = run("deploy", "--env", "dev", "--set", path, "--yes", PATH=f"{tmp_path}/bin:{os.environ['PATH']}")
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "dags" / CURRENT).is_file()
