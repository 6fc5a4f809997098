#!/usr/bin/env bash
# make airflow: a local Airflow with the DAGs, until Ctrl-C. Its page is for this machine alone, and asks for no password.
#
#   VERSION=3.3.1          which Airflow, of dags/requirements
#   PORT=8080              where its page is
#   AIRFLOW_HOME=folder    its database and logs (.clientele/airflow)
#   CLIENTELE_KUBECONFIG   steps are pods of that cluster; then CLIENTELE_ROOT, CLIENTELE_IMAGE_PREFIX and _IMAGE_TAG are
#                          needed too (docs/airflow.md). Without it steps are processes of bin/, on a demo shop.
set -euo pipefail
cd "$(dirname "$0")/.."
version=${VERSION:-3.3.1}
port=${PORT:-8080}
url=http://127.0.0.1:$port
if (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null; then
  echo "port $port is taken: end what listens there, or say PORT=" >&2
  exit 64
fi
default() { if [ -z "${!1:-}" ]; then export "$1=$2"; fi; }

tools/dags.sh install "$version"
export PATH=$PWD/.venv/airflow-$version/bin:$PATH
default AIRFLOW_HOME "$PWD/.clientele/airflow"
mkdir -p "$AIRFLOW_HOME"
# sqlite has one writer at a time: with its default of 5 s, many runs that start at once are "database is locked".
export AIRFLOW__DATABASE__SQL_ALCHEMY_CONN="sqlite:///$AIRFLOW_HOME/airflow.db?timeout=30"

# --- where steps run, and on what ---
if [ -n "${CLIENTELE_KUBECONFIG:-}" ]; then
  default CLIENTELE_PLACE kubeconfig
else
  default CLIENTELE_PLACE local
  default CLIENTELE_BIN "$PWD/bin"
  default CLIENTELE_ROOT "file://$AIRFLOW_HOME/root"
  default CLIENTELE_RETRY_SECONDS 10
  if [ -z "${CLIENTELE_SOURCE:-}" ]; then
    shop=$AIRFLOW_HOME/shop # up to yesterday, so that a run as of today has customers
    [ -e "$shop/truth.json" ] || bin/demo --out-dir="$shop" --from="$(date -d '-396 days' +%F)" --result="$AIRFLOW_HOME/demo.json"
    export CLIENTELE_SOURCE=$shop/lines.csv
  fi
fi

# --- Airflow ---
default AIRFLOW__CORE__DAGS_FOLDER "$PWD/dags"
default AIRFLOW__CORE__LOAD_EXAMPLES False
default AIRFLOW__CORE__DAGS_ARE_PAUSED_AT_CREATION False
default AIRFLOW__CORE__PARALLELISM 4
default AIRFLOW__SCHEDULER__USE_JOB_SCHEDULE False # else last Monday's run starts by itself, and the one by hand waits for it
default AIRFLOW__SCHEDULER__SCHEDULER_IDLE_SLEEP_TIME 0.5
default AIRFLOW__LOGGING__WORKER_LOG_SERVER_PORT $((port + 1)) # another Airflow beside this one wants its own
default AIRFLOW__LOGGING__TRIGGER_LOG_SERVER_PORT $((port + 2))
default AIRFLOW_CONN_KUBERNETES_DEFAULT '{"conn_type": "kubernetes"}'
export PYTHONDONTWRITEBYTECODE=1 # leaves no __pycache__ among the DAGs
case $version in
  2.*)
    export AIRFLOW__WEBSERVER__WEB_SERVER_HOST=127.0.0.1 AIRFLOW__WEBSERVER__WEB_SERVER_PORT=$port AIRFLOW__WEBSERVER__WORKERS=1
    export AIRFLOW__API__AUTH_BACKENDS=airflow.api.auth.backend.basic_auth
    health=$url/health
    ;;
  *)
    export AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_ALL_ADMINS=True
    export AIRFLOW__API__HOST=127.0.0.1 AIRFLOW__API__PORT=$port AIRFLOW__API__WORKERS=1 AIRFLOW__API__BASE_URL=$url
    export AIRFLOW__CORE__EXECUTION_API_SERVER_URL=$url/execution/
    # A worker asks whether its task may start, and by default waits 5 s for the answer. The server's first takes 25 on busy cores;
    # asked again it says that the task has started, and the worker gives it up.
    default AIRFLOW__WORKERS__EXECUTION_API_TIMEOUT 60
    health=$url/api/v2/monitor/health
    ;;
esac
log=$AIRFLOW_HOME/airflow.log
echo "airflow $version: starting, log in $log"
airflow db migrate >"$log" 2>&1
airflow pools set "${CLIENTELE_POOL:-clientele_pointers}" 1 "steps that move pointers, one at a time" >>"$log" 2>&1
# In a session of its own, so that all of it can be ended: standalone leaves its parts behind when it is, and they their steps.
setsid airflow standalone >>"$log" 2>&1 &
airflow=$!
signal_all() { # the processes of that session; 1 if there were none
  local stat line fields found=1
  for stat in /proc/[0-9]*/stat; do
    read -r line <"$stat" || continue
    read -ra fields <<<"${line##*) }"
    if [[ ${fields[3]} == "$airflow" && ${fields[0]} != Z ]]; then found=0 && kill -"$1" "${line%% *}"; fi
  done 2>/dev/null
  return "$found"
}
stop() {
  trap '' INT TERM
  signal_all TERM
  for ((i = 0; i < 20; i++)); do
    sleep 0.4
    signal_all 0 || return 0
  done
  signal_all KILL || true
}
trap stop EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

healthy() { curl --silent --fail --max-time 5 "$health" | python3 -c '
import json, sys
parts = json.load(sys.stdin)
sys.exit(any(parts[p]["status"] != "healthy" for p in ("metadatabase", "scheduler")))' 2>/dev/null; }
for ((i = 0; ; i++)); do
  if healthy; then break; fi
  if ((i == 180)) || ! kill -0 "$airflow" 2>/dev/null; then
    tail -n 30 "$log" >&2
    echo "airflow $version did not start; its whole log is $log" >&2
    exit 70
  fi
  sleep 1
done
cat <<EOF

Airflow is at $url
  1. open $url/dags/clientele_segmentation
  2. click Trigger, change nothing, click Trigger in the form
  3. watch the tasks turn green: ingest to report, some two minutes
  steps run as: $CLIENTELE_PLACE; everything is stored under ${CLIENTELE_ROOT:-}
$([ "$CLIENTELE_PLACE" != local ] || echo "  the page that report makes: find $AIRFLOW_HOME/root -name report.html")
Runs start by hand alone: schedules are off here. Ctrl-C ends it.
EOF
case $version in 2.*) echo "user admin, password in $AIRFLOW_HOME/standalone_admin_password.txt" ;; esac
wait "$airflow"
