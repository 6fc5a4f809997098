"""Lists, from a folder of JUnit reports, the tests that were skipped, by reason, and then those that failed. `make test` ends with it.

python3 tools/outcome.py .clientele/tests
"""

import collections
import pathlib
import re
import sys
import xml.etree.ElementTree as ET

LONGEST = 15  # lines of what a failed test said


def reason(skipped):
    """What the test said: gotestsum gives a test's whole output, pytest the reason."""
    lines = [re.sub(r"^\S+\.go:\d+: ", "", line.strip()) for line in skipped.get("message", "").splitlines()]
    return " ".join(line for line in lines if line and not line.startswith(("=== ", "--- "))) or "no reason given"


def said(failure):
    """The last lines of what a failed test printed: both runners end with the assertion."""
    lines = [line.rstrip() for line in (failure.text or failure.get("message", "")).splitlines() if line.strip()]
    return lines[-LONGEST:]


def main():
    reasons, failed = collections.defaultdict(list), []
    reports = sorted(pathlib.Path(sys.argv[1]).glob("*.xml"))
    for report in reports:
        for case in ET.parse(report).iter("testcase"):
            if (skipped := case.find("skipped")) is not None:
                reasons[report.stem, reason(skipped)].append(case.get("name"))
            for failure in case.findall("failure") + case.findall("error"):
                failed.append((report.stem, case.get("classname"), case.get("name"), said(failure)))
    count = sum(len(names) for names in reasons.values())
    print(f"\n{count} tests were skipped, by {len(reports)} reports in {sys.argv[1]}:" if count else "\nNo test was skipped.")
    for (part, why), names in reasons.items():
        more = f" and {len(names) - 3} more" if len(names) > 3 else ""
        print(f"  {part}: {', '.join(names[:3])}{more}: {why}")
    if failed:
        print(f"\nFailed: {len(failed)}")
    for part, where, name, lines in failed:
        print(f"  {part}: {where}: {name}")
        for line in lines:
            print(f"    {line}")


if __name__ == "__main__":
    main()
