#!/usr/bin/env bash
# make demo-cicd: takes a commit through every stage, on this machine alone: test, images, registry, DAG set, deployment, smoke run; then a
# commit that breaks the DAGs, which the deployment goes back from; then the way back by hand. It works on a clone of the last commit.
#
#   a bucket of fake-gcs-server        replaces Composer's
#   a registry in memory               for Artifact Registry
#   an Airflow 3 and programs of bin/  for the environment that synchronises the bucket and runs the DAGs
#
# bin/ must be built (the Make target does that), of the same version as the commit. The transcript is in docs/cicd.md.
set -euo pipefail
cd "$(dirname "$0")/../.."
repository=$PWD
airflow=${AIRFLOW:-$(ls dags/requirements | sed -n 's/^airflow-\(3.*\)\.txt$/\1/p' | sort -rV | head -n 1)}
tools/dags.sh install "$airflow"
work=$(mktemp -d)
trap 'exec 7>&- 8>&-; wait; rm -rf "$work"' EXIT
say() { printf '\n== %s\n' "$*"; }
export GIT_AUTHOR_NAME=demo GIT_AUTHOR_EMAIL=demo@shop.example GIT_COMMITTER_NAME=demo GIT_COMMITTER_EMAIL=demo@shop.example

# --- what replaces Google: both servers end with this script ---
port=$(python3 -c 'import socket; s = socket.create_server(("127.0.0.1", 0)); print(s.getsockname()[1])')
mkfifo "$work/gcs" "$work/registry"
sh -c '"$@" & server=$!; cat >/dev/null; kill $server' sh "${CLIENTELE_FAKE_GCS:-$repository/bin/fake-gcs-server}" -backend memory -scheme http \
  -host 127.0.0.1 -port "$port" -log-level error <"$work/gcs" &
exec 7>"$work/gcs"
export STORAGE_EMULATOR_HOST=127.0.0.1:$port
go build -C tools -o "$work/ociimage" ./ociimage
"$work/ociimage" serve <"$work/registry" >"$work/address" &
exec 8>"$work/registry"
until [[ -s $work/address ]] && curl -fsS "http://$STORAGE_EMULATOR_HOST/_internal/healthcheck" >/dev/null 2>&1; do sleep 0.1; done
curl -fsS -H 'Content-Type: application/json' -d '{"name": "clientele-airflow"}' "http://$STORAGE_EMULATOR_HOST/storage/v1/b?project=demo" >/dev/null

# --- the environment: Airflow, with a shop ---
export AIRFLOW_HOME=$work/airflow AIRFLOW__CORE__DAGS_FOLDER=$work/airflow/dags AIRFLOW__CORE__LOAD_EXAMPLES=False
export AIRFLOW__LOGGING__LOGGING_LEVEL=ERROR AIRFLOW__DATABASE__SQL_ALCHEMY_CONN=sqlite:///$work/airflow/airflow.db NO_PROXY=127.0.0.1
python=$repository/.venv/airflow-$airflow/bin/python
mkdir -p "$AIRFLOW__CORE__DAGS_FOLDER"
"$python" -m airflow db migrate >"$work/log" 2>&1
bin/demo --customers=400 --from="$(date -d '-396 days' +%F)" --out-dir="$work/shop" --result="$work/demo.json" 2>/dev/null
export CLIENTELE_PLACE=local CLIENTELE_BIN=$repository/bin CLIENTELE_ROOT=file://$work/root CLIENTELE_SOURCE=$work/shop/lines.csv
export CLIENTELE_RETRY_SECONDS=1 PYTHONDONTWRITEBYTECODE=1
smoke="$python $repository/tools/cicd/standin.py 2>>$work/log | sed -n '/^smoke: /p'; exit \${PIPESTATUS[0]}"
printf '#!/usr/bin/env bash\n%s\n' "$smoke" >"$work/smoke" && chmod +x "$work/smoke"

# A release's steps, in the clone.
git clone --quiet --local --no-hardlinks "$repository" "$work/clone"
cd "$work/clone"
TO=gs://clientele-airflow/dags
deploy() { make --no-print-directory deploy TO=$TO SET="$1" SMOKE="$work/smoke" YES=1; }

say "a commit"
printf '\n' >>changelog/README.md
git commit --quiet --all -m "a commit that changes nothing that matters"
git log --oneline -1
say "test (one part of make test)"
go test ./pkg/fault ./pkg/contract ./tasks/pipeline -short -count=1
say "images"
BUILDER=ociimage tools/images.sh $(python3 -c 'import json; print(*(s["name"] for s in json.load(open("dags/clientele/contract.json"))["steps"]), "registry")')
"$work/ociimage" push -to="$(cat "$work/address")/clientele" dist/images/*.tar
say "the DAG set, with these digests"
good=$(make --no-print-directory dags) && echo "$good"
say "deploy, and smoke run"
deploy "$good"
before=$(python3 tools/cicd/deploy.py show --to $TO; curl -fsS "http://$STORAGE_EMULATOR_HOST/storage/v1/b/clientele-airflow/o/dags%2Fclientele%2Fcurrent.json?alt=media" | sha256sum)

say "a bad commit"
sed -i 's/steps.step(d, "preprocess")/steps.step(d, "preproces")/' dags/clientele_segmentation.py
git commit --quiet --all -m "a step with a wrong name"
git log --oneline -1
bad=$(make --no-print-directory dags) && echo "$bad"
say "deploy, and smoke run"
if deploy "$bad"; then
  echo "demo: the bad commit was deployed" >&2
  exit 1
fi
after=$(python3 tools/cicd/deploy.py show --to $TO; curl -fsS "http://$STORAGE_EMULATOR_HOST/storage/v1/b/clientele-airflow/o/dags%2Fclientele%2Fcurrent.json?alt=media" | sha256sum)
if [[ $before != "$after" ]]; then
  echo "demo: the way back did not restore current.json: $before, then $after" >&2
  exit 1
fi
say "the same bytes as before"
echo "$after"

say "a third commit, and the way back by hand"
git revert --no-edit HEAD >/dev/null
third=$(make --no-print-directory dags)
deploy "$third"
make --no-print-directory deploy-back TO=$TO YES=1
python3 tools/cicd/deploy.py show --to $TO
