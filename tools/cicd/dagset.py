"""A set of DAGs as one file: the DAGs, and the digests of the images that they were tested with."""

from __future__ import annotations

import hashlib
import io
import json
import re
import subprocess
import zipfile
from dataclasses import dataclass
from pathlib import Path

from stores import Refused

REPOSITORY = Path(__file__).resolve().parents[2]
WHEN = (1980, 1, 1, 0, 0, 0)  # the oldest that a zip can say: the same files make the same bytes on any day


@dataclass(frozen=True)
class DagSet:
    """A set. Its name has its version, its commit, and the hash of its files: another set has another name."""

    name: str
    data: bytes

    @property
    def sha256(self) -> str:
        """The hash that the loader compares."""
        return hashlib.sha256(self.data).hexdigest()

    def entry(self) -> dict[str, str]:
        """What current.json says of it."""
        return {"name": self.name, "sha256": self.sha256}


def build(images: Path, root: Path = REPOSITORY) -> DagSet:
    """The set of a tree, with images.json, which names every image by its digest."""
    dags = root / "dags"
    paths = sorted([*dags.glob("clientele_*.py"), *(p for p in (dags / "clientele").iterdir() if p.suffix in (".py", ".json"))])
    files = {str(p.relative_to(dags)): p.read_bytes() for p in paths if p.name != "images.json"}
    contract = json.loads(files["clientele/contract.json"])
    files["clientele/images.json"] = digests(images, contract)
    hashes = {name: hashlib.sha256(data).hexdigest() for name, data in files.items()}
    about = {"version": contract["version"], "revision": revision(root), "files": hashes}
    files["clientele/set.json"] = (json.dumps(about, indent=1, sort_keys=True) + "\n").encode()
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as z:
        for name in sorted(files):
            info = zipfile.ZipInfo(name, WHEN)
            info.external_attr = 0o100644 << 16
            info.compress_type = zipfile.ZIP_DEFLATED
            z.writestr(info, files[name])
    short = re.sub(r"^([0-9a-f]{12})[0-9a-f]*", r"\1", about["revision"])
    content = hashlib.sha256(files["clientele/set.json"]).hexdigest()[:8]
    return DagSet(f"{contract['version']}.{short}.{content}", packed.getvalue())


def digests(images: Path, contract: dict) -> bytes:
    """images.json, checked: of the DAGs' version, with a digest for every program that the DAGs start."""
    try:
        data = images.read_bytes()
        found = json.loads(data)
    except (OSError, ValueError) as e:
        raise Refused(f"{images}: {e}; make images writes it") from e
    if found.get("version") != contract["version"]:
        raise Refused(f"{images}: want the images of version {contract['version']}, that of the DAGs (got {found.get('version')})")
    programs = [s["name"] for s in contract["steps"]] + ["registry"]
    if without := [p for p in programs if not re.fullmatch(r"sha256:[0-9a-f]{64}", str(found.get(p)))]:
        raise Refused(f"{images}: no digest of {', '.join(without)}; make images writes it")
    return data


def revision(root: Path) -> str:
    """The tree's commit, and whether it was changed since."""

    def git(*words: str) -> str:
        return subprocess.run(["git", "-C", str(root), *words], check=True, capture_output=True, text=True).stdout.strip()

    return git("rev-parse", "HEAD") + ("-modified" if git("status", "--porcelain") else "")


def opened(path: Path) -> DagSet:
    """A set from its file, which is named after it, with every file as its list says."""
    data = path.read_bytes()
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as z:
            files = {n: z.read(n) for n in z.namelist()}
            listed = json.loads(files.pop("clientele/set.json"))["files"]
    except (KeyError, ValueError, zipfile.BadZipFile) as e:
        raise Refused(f"{path}: no set of DAGs ({e}); make dags writes one") from e
    if {n: hashlib.sha256(d).hexdigest() for n, d in files.items()} != listed:
        raise Refused(f"{path}: its files are not those that its set.json lists; make it again")
    return DagSet(path.stem, data)
