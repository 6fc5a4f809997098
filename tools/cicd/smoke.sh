#!/usr/bin/env bash
# The smoke run after a deployment to Composer: within MINUTES (15) the environment has the DAGs of DAG_IDS (all three, of one shop) from
# the set CLIENTELE_SET and no import error, and a run of SMOKE_DAG, if named, succeeds. deploy.py goes back when this fails.
#
#   CLIENTELE_SET=NAME ENVIRONMENT=clientele LOCATION=europe-west2 SMOKE_DAG=clientele_drift tools/cicd/smoke.sh
#
# A run of clientele_drift ingests and compares: name it where that is wanted, as in dev.
set -euo pipefail
: "${CLIENTELE_SET:?the name of the set, which tools/cicd/deploy.py sets}"
: "${ENVIRONMENT:?the Composer environment}" "${LOCATION:?its region}"
end=$((SECONDS + ${MINUTES:-15} * 60))

airflow() { gcloud composer environments run "$ENVIRONMENT" --location="$LOCATION" "$@" 2>/dev/null; }
await() { # WHAT COMMAND: until the command succeeds
  until "${@:2}"; do
    if ((SECONDS >= end)); then
      echo "smoke: $1: not within ${MINUTES:-15} minutes" >&2
      exit 1
    fi
    sleep "${PAUSE:-15}"
  done
  echo "smoke: $1"
}
has_set() { airflow dags details -- "$1" -o json | grep -qF "set:$CLIENTELE_SET"; }
no_errors() { ! airflow dags list-import-errors -- -o json | grep -q clientele_dags.py; }
# Airflow 2 wants the DAG by -d, Airflow 3 without.
runs() { airflow dags list-runs -- -d "$SMOKE_DAG" -o json || airflow dags list-runs -- "$SMOKE_DAG" -o json; }
state() { runs | python3 -c 'import json, sys; t = sys.stdin.read(); print(next((r["state"] for r in json.loads(t[t.index("["):]) if r["run_id"] == sys.argv[1]), "none"))' "$run"; }
ended() {
  case $(state) in
    success) return 0 ;;
    failed)
      echo "smoke: run $run of $SMOKE_DAG failed" >&2
      exit 1
      ;;
    *) return 1 ;;
  esac
}

await "no import error" no_errors
for dag in ${DAG_IDS:-clientele_drift clientele_erase clientele_preflight clientele_rollback clientele_segmentation}; do await "$dag is of the set" has_set "$dag"; done
if [[ -n ${SMOKE_DAG:-} ]]; then
  run=smoke__${CLIENTELE_SET}__$(date +%s)
  airflow dags trigger -- "$SMOKE_DAG" --run-id "$run" >/dev/null
  await "run $run of $SMOKE_DAG succeeded" ended
fi
