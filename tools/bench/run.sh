#!/usr/bin/env bash
# make bench: a Python environment with pinned versions, then bench.py on SOURCE (a csv or csv.gz in the UCI layout; CLIENTELE_TESTDATA's, where
# that is set). BENCH is one row or
# several, such as P2 or "P7 P9", or growth; without it P1 to P10; engine is one machine against Spark (tools/engine.sh). AS_OF and ROUNDS can be
# set; the default date is the day after the last line of the Online Retail file.
set -euo pipefail
source=${1:-${CLIENTELE_TESTDATA:+$CLIENTELE_TESTDATA/online-retail.csv.gz}}
if [ -z "$source" ]; then
  echo "make bench needs SOURCE, for example: make bench SOURCE=online-retail.csv.gz" >&2
  exit 64
fi
source=$(realpath -- "$source")
cd "$(dirname "$0")/../.."
if [ "${BENCH:-}" = engine ]; then
  exec env CLIENTELE_TESTDATA="$(dirname "$source")" tools/engine.sh bench
fi
if [ ! -x .venv/bin/python ] || [ tools/bench/requirements.txt -nt .venv/ready ]; then
  echo "make bench: installing pandas and its like into .venv, once: a minute or two" >&2
  python3 -m venv .venv
  .venv/bin/pip install --quiet --disable-pip-version-check -r tools/bench/requirements.txt
  touch .venv/ready
fi
export AS_OF=${AS_OF:-2011-12-10}
# shellcheck disable=SC2086 # BENCH is a list
exec .venv/bin/python tools/bench/bench.py "$source" ${BENCH:-}
