"""Shops whose pages are tested, made by the real programs, and what a run wrote."""

import csv
import json
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.ipc

REPOSITORY = Path(__file__).resolve().parents[2]
BEFORE, NOW = "2025-11-24", "2025-12-02"

# What a shop's own texts could do to a page, a file or a reader's eyes.
HOSTILE = [
    "<script>window.hit=1</script>",
    '"><img src=x onerror=window.hit=2>',
    "</script><script>window.hit=3</script>",
    "=HYPERLINK(A1)",
    "@SUM(1+1)",
    "x\u202egnp.exe",
    "url(javascript:window.hit=4)",
    "a;background:red}body{display:none",
]
LONG = "L" * 10_000


@dataclass(frozen=True)
class Run:
    """One run of a root, and its page."""

    root: Path
    result: dict[str, Any]

    @property
    def page(self) -> Path:
        return Path(self.result["report"].removeprefix("file://"))

    def step(self, name: str) -> dict[str, Any]:
        """What a step reported."""
        return self.manifest(name)["result"]

    def manifest(self, step: str) -> dict[str, Any]:
        current = json.loads((self.root / "runs" / self.result["run"] / step / "current.json").read_text())
        return json.loads((self.root / current["manifest"]).read_text())

    def table(self, step: str, name: str) -> list[dict[str, Any]]:
        """The rows of one of a step's tables."""
        path = self.root / self.manifest(step)["objects"][name]["object"]
        with pa.OSFile(str(path)) as f:
            return pa.ipc.open_file(f).read_all().to_pylist()


def run(source: Path, root: Path, as_of: str, *flags: str) -> Run:
    """Runs the whole pipeline."""
    result = root.parent / f"{root.name}-{as_of}{len(flags)}.json"
    made = subprocess.run(
        [REPOSITORY / "bin/pipeline", f"--source={source}", f"--root=file://{root}", f"--result={result}", f"--as-of={as_of}", *flags],
        capture_output=True, text=True, timeout=300,
    )
    assert made.returncode == 0, made.stderr[-2000:]
    return Run(root, json.loads(result.read_text()))


def demo(folder: Path, customers: int = 600) -> Path:
    """A demo shop's lines."""
    subprocess.run([REPOSITORY / "bin/demo", f"--out-dir={folder}", f"--customers={customers}"], check=True, capture_output=True, timeout=120)
    return folder / "lines.csv"


def hostile(source: Path, target: Path) -> Path:
    """The same shop, whose ids, codes, countries and descriptions are hostile: every customer has one of the texts in the id."""
    names = [*HOSTILE, LONG]
    with source.open(newline="", encoding="utf-8", errors="replace") as src, target.open("w", newline="", encoding="utf-8") as dst:
        lines = csv.DictReader(line for line in src if '"' not in line and len(line) < 300)  # what the demo breaks on purpose
        assert lines.fieldnames
        out = csv.DictWriter(dst, lines.fieldnames)
        out.writeheader()
        for line in lines:
            if line["Country"] not in ("United Kingdom", "Germany", "France", "EIRE", "Spain", "Belgium", "Netherlands"):
                continue  # lines that the demo breaks on purpose
            if customer := line["CustomerID"]:
                line["CustomerID"] = names[int(customer[-2:]) % len(names)] + " " + customer
            line["Country"] = {"Germany": HOSTILE[0], "France": HOSTILE[1], "Spain": HOSTILE[7], "Belgium": LONG[:2000]}.get(line["Country"], line["Country"])
            if line["StockCode"].startswith("207"):
                line["StockCode"] = HOSTILE[1].upper() + line["StockCode"]
            line["Description"] = HOSTILE[2]
            out.writerow(line)
    return target
