#!/usr/bin/env bash
# make test-page and make screenshots: the page of real runs in a real browser. Arguments are pytest's: -k hostile.
#
#   tools/page.sh                       the tests; without a browser they are skipped, and fail with CI=true
#   tools/page.sh screenshots OUT       every section in light, in dark and on a phone, of a demo shop or of PAGE=report.html
set -euo pipefail
cd "$(dirname "$0")/.."

lock=$(sha256sum <tools/page/requirements.txt)
if [ "$lock" != "$(cat .venv/page/lock 2>/dev/null)" ]; then
  python3 -m venv --clear .venv/page
  .venv/page/bin/pip install --quiet --disable-pip-version-check -r tools/page/requirements.txt
  echo "$lock" >.venv/page/lock
fi
if [ "${1:-}" = screenshots ]; then
  shift
  exec .venv/page/bin/python -B tools/page/screenshots.py "$@"
fi
mkdir -p .clientele/tests
exec .venv/page/bin/python -B -m pytest -q -p no:cacheprovider -c tools/page/pytest.ini --rootdir=tools/page tools/page \
  --junit-xml=.clientele/tests/page.xml "$@"
