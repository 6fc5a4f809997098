#!/usr/bin/env bash
# Whole runs of the DAGs by dag.test(), with the real programs as processes and a real fake-gcs-server, on the Airflows
# below, side by side. bin/ must be built (make test-dags does).
#
#   tools/scenarios.sh               on each of them
#   tools/scenarios.sh 3.3.1         on one; of an Airflow that is not below, nothing is run
#   PYTEST_ARGS="-k late" …          passed on to pytest
set -euo pipefail
cd "$(dirname "$0")/.."
readonly AIRFLOWS="3.3.1 2.11.1" # the newest of each major
readonly SECONDS_AT_MOST=900     # far above the budget: a run that hangs must end

run() {
  local home code=0
  home=$(mktemp -d)
  # shellcheck disable=SC2086 # PYTEST_ARGS are several words
  AIRFLOW_HOME=$home PYTHONDONTWRITEBYTECODE=1 PATH="$PWD/.venv/airflow-$1/bin:$PATH" \
    CLIENTELE_BIN="$PWD/bin" CLIENTELE_FAKE_GCS="${CLIENTELE_FAKE_GCS:-$PWD/bin/fake-gcs-server}" \
    timeout -s KILL "$SECONDS_AT_MOST" ".venv/airflow-$1/bin/python" -m pytest -q -p no:cacheprovider \
    -c dags/tests/scenarios/pytest.ini dags/tests/scenarios \
    --junit-xml=".clientele/tests/scenarios-$1.xml" ${PYTEST_ARGS:-} >"$home/log" 2>&1 || code=$?
  sed "s/^/airflow $1: /" "$home/log"
  rm -rf "$home"
  return "$code"
}

versions=()
for v in ${*:-$AIRFLOWS}; do
  if [[ " $AIRFLOWS " == *" $v "* ]]; then versions+=("$v"); fi
done
if ((${#versions[@]} == 0)); then exit; fi
tools/dags.sh install "${versions[@]}"

failed=0 pids=()
for v in "${versions[@]}"; do
  run "$v" &
  pids+=($!)
done
for pid in "${pids[@]}"; do wait "$pid" || failed=1; done
exit "$failed"
