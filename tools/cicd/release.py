"""The notes of a release, from the changelog's fragments; refuses a tree that is no release.

python3 tools/cicd/release.py            prints the notes of the version in VERSION
python3 tools/cicd/release.py --next     prints those of what is unreleased
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]
KINDS = {"Change": "Changes", "Enhancement": "New", "Bugfix": "Fixed"}  # in the order of the notes: what breaks comes first
ALSO = {"New": "Enhancement", "Fix": "Bugfix"}  # other words that people write


class NoRelease(Exception):
    """Every reason, a line each."""


def fragments(folder: Path) -> list[tuple[str, str, str]]:
    """(kind, title, text) of each fragment, by kind and name."""
    found, wrong = [], []
    for path in sorted(folder.iterdir()) if folder.is_dir() else []:
        first, _, text = path.read_text().partition("\n")
        m = re.fullmatch(rf"({'|'.join((*KINDS, *ALSO))}): (\S.*)", first)
        if m and text.strip():
            found.append((ALSO.get(m[1], m[1]), m[2], text.strip()))
        else:
            wrong.append(f"{path}: want '{' or '.join(KINDS)}: title', an empty line and a text")
    if wrong:
        raise NoRelease("\n".join(wrong))
    return sorted(found, key=lambda f: list(KINDS).index(f[0]))


def problems(root: Path) -> list[str]:
    """What keeps this tree from being a release."""
    version = (root / "VERSION").read_text().strip()
    wrong = []
    if not re.fullmatch(r"\d+\.\d+\.\d+", version):
        wrong.append(f"VERSION: want a release such as 0.2.0 (got {version}); docs/releasing.md has the steps")
    dags = json.loads((root / "dags/clientele/contract.json").read_text())["version"]
    if dags != version:
        wrong.append(f"dags/clientele/contract.json: want version {version} (got {dags}): make contract")
    if not (root / "changelog" / version).is_dir():
        wrong.append(f"changelog/{version}: missing: git mv changelog/unreleased changelog/{version}")
    tags = subprocess.run(["git", "-C", str(root), "tag", "--list", f"v{version}"], check=True, capture_output=True, text=True)
    if tags.stdout.strip():
        wrong.append(f"v{version} is tagged already: a version is released once")
    return wrong


def notes(version: str, folder: Path) -> str:
    """The notes in Markdown."""
    found = fragments(folder)
    if not found:
        raise NoRelease(f"{folder}: has no fragments: nothing to release")
    lines = [f"# Clientele {version}"]
    for kind, heading in KINDS.items():
        if own := [f for f in found if f[0] == kind]:
            lines += ["", f"## {heading}"]
            for _, title, text in own:
                lines += ["", f"**{title}.** {' '.join(text.split())}"]
    return "\n".join(lines) + "\n"


def main(words: list[str], root: Path = REPOSITORY) -> int:
    """Exit code 0, or 1 with the reasons."""
    version = (root / "VERSION").read_text().strip()
    try:
        if words == ["--next"]:
            print(notes(version, root / "changelog/unreleased"), end="")
        elif wrong := problems(root):
            raise NoRelease("\n".join(wrong))
        else:
            print(notes(version, root / "changelog" / version), end="")
    except NoRelease as e:
        print(e, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
