#!/usr/bin/env bash
# make bench: a Python environment with pinned versions, then bench.py on SOURCE (a csv or csv.gz in the UCI layout).
# BENCH=formats runs formats.py instead, BENCH=before before.py beside the programs in the folder BEFORE. AS_OF and ROUNDS can be set;
# the default date is the day after the last line of the Online Retail file.
set -euo pipefail
source=${1:-}
if [ -z "$source" ]; then
  echo "make bench needs SOURCE, for example: make bench SOURCE=online-retail.csv.gz" >&2
  exit 64
fi
source=$(realpath -- "$source")
cd "$(dirname "$0")/../.."
if [ ! -x .venv/bin/python ] || [ tools/bench/requirements.txt -nt .venv/ready ]; then
  echo "make bench: installing pandas and its like into .venv, once: a minute or two" >&2
  python3 -m venv .venv
  .venv/bin/pip install --quiet --disable-pip-version-check -r tools/bench/requirements.txt
  touch .venv/ready
fi
echo "make bench: on the Online Retail file about 3 minutes on 2 idle cores; the first round says how long the others take" >&2
exec .venv/bin/python "tools/bench/${BENCH:-bench}.py" "$source" "${AS_OF:-2011-12-10}" "${ROUNDS:-7}"
