#!/usr/bin/env bash
# make test-engine: the step preprocess on a standalone Spark of a master and two workers on this machine. Arguments are pytest's: -k killed.
# tools/engine.sh bench: one machine against Spark; COPIES="1 20" times the file that CLIENTELE_TESTDATA leads to.
#
# It needs Java 17 or later. Without one it says what to install; with CI=true that is a failure.
set -euo pipefail
cd "$(dirname "$0")/.."
reports=.clientele/tests
mkdir -p "$reports"

version=$(java -version 2>&1 | sed -nE '1s/.*"([0-9]+).*/\1/p' || true)
if [ "${version:-0}" -lt 17 ]; then
  why="Spark needs Java 17: apt-get install -y openjdk-17-jre-headless"
  echo "engine: $why" >&2
  if [ "${CI:-}" = true ]; then exit 1; fi
  printf '<testsuite><testcase name="the engine"><skipped message="%s"/></testcase></testsuite>\n' "$why" >"$reports/engine.xml"
  exit
fi

readonly HOME_OF=${CLIENTELE_SPARK:-.venv/engine} # where Spark is, or is put: 500 MB
lock=$(sha256sum <tools/engine/requirements.txt)
if [ "$lock" != "$(cat "$HOME_OF/lock" 2>/dev/null)" ]; then
  python3 -m venv --clear "$HOME_OF"
  "$HOME_OF/bin/pip" install --quiet --disable-pip-version-check -r tools/engine/requirements.txt
  echo "$lock" >"$HOME_OF/lock"
fi
if [ "${1:-}" = bench ]; then
  exec "$HOME_OF/bin/python" -B tools/engine/bench.py
fi
exec "$HOME_OF/bin/python" -B -m pytest -q -p no:cacheprovider -c tools/engine/pytest.ini --rootdir=tools/engine tools/engine \
  --junit-xml="$reports/engine.xml" "$@"
