#!/usr/bin/env bash
# Tests the DAGs on each Airflow of dags/requirements, two side by side, and their style once.
#
#   tools/dags.sh                    every Airflow
#   tools/dags.sh 3.1.7              one of them
#   tools/dags.sh install 3.1.7      only .venv/airflow-3.1.7
#   PYTEST_ARGS="-k golden" …        passed on to pytest; UPDATE_GOLDEN=1 rewrites dags/tests/golden
set -euo pipefail
cd "$(dirname "$0")/.."
readonly UV=0.13.9 PYTHON=3.11

uv() {
  if [[ ! -x .venv/uv/bin/uv ]]; then
    python3 -m venv .venv/uv
    .venv/uv/bin/pip install --quiet "uv==$UV"
  fi
  .venv/uv/bin/uv "$@"
}

# The environment of one Airflow, made again when its lock file has changed.
install() {
  local venv=.venv/airflow-$1 lock
  lock=$(cat "dags/requirements/airflow-$1.txt" dags/requirements/dev.txt | sha256sum)
  mkdir -p .venv
  exec 9>"$venv.lock"
  flock 9
  if [[ $lock != "$(cat "$venv/lock" 2>/dev/null)" ]]; then
    echo "airflow $1: installing"
    uv venv --quiet --clear --python "$PYTHON" "$venv"
    uv pip install --quiet --compile-bytecode --python "$venv/bin/python" \
      -r "dags/requirements/airflow-$1.txt" -r dags/requirements/dev.txt
    echo "$lock" >"$venv/lock"
  fi
  exec 9>&-
}

# The tests on one Airflow. Its home is its own, so that several run at once; nothing is written among the DAGs.
run() {
  local home code=0
  home=$(mktemp -d)
  # shellcheck disable=SC2086 # PYTEST_ARGS are several words
  AIRFLOW_HOME=$home PYTHONDONTWRITEBYTECODE=1 PATH="$PWD/.venv/airflow-$1/bin:$PATH" \
    ".venv/airflow-$1/bin/python" -m pytest -q -p no:cacheprovider -c dags/tests/pytest.ini dags/tests \
    --junit-xml=".clientele/tests/airflow-$1.xml" ${PYTEST_ARGS:-} \
    >"$home/log" 2>&1 || code=$?
  sed "s/^/airflow $1: /" "$home/log"
  rm -rf "$home"
  return "$code"
}

style() {
  local ruff=.venv/airflow-$1/bin/ruff
  "$ruff" check --no-cache --quiet dags && "$ruff" format --no-cache --quiet --check dags
}

only_install=false
if [[ ${1:-} == install ]]; then only_install=true && shift; fi
versions=("$@")
if ((${#versions[@]} == 0)); then
  mapfile -t versions < <(ls dags/requirements | sed -n 's/^airflow-\(.*\)\.txt$/\1/p' | sort -rV)
fi
for v in "${versions[@]}"; do install "$v"; done
if $only_install; then exit; fi

failed=0
for ((i = 0; i < ${#versions[@]}; i += 2)); do
  pids=()
  for v in "${versions[@]:i:2}"; do
    run "$v" &
    pids+=($!)
  done
  for pid in "${pids[@]}"; do wait "$pid" || failed=1; done
done
style "${versions[0]}" || { # last, where it is seen
  echo "the style of dags/: see above" >&2
  failed=1
}
exit "$failed"
