#!/usr/bin/env bash
# make test-e2e: real pods, a real scheduler and a browser. Arguments are pytest's: -k rolled_back.
#
#   CLIENTELE_KUBECONFIG          the cluster; its pods reach this machine at
#   CLIENTELE_CLUSTER_HOST        this address
#   CLIENTELE_CLUSTER_LOAD        a command that puts the image archive it is given into the cluster
#   CLIENTELE_CLUSTER_XCOM_IMAGE  the XCom sidecar's image, where the cluster cannot pull the default
#
# Without them the tests say what is missing and are skipped; with CI=true they fail.
set -euo pipefail
cd "$(dirname "$0")/.."

lock=$(sha256sum <e2e/requirements.txt)
if [ "$lock" != "$(cat .venv/e2e/lock 2>/dev/null)" ]; then
  python3 -m venv --clear .venv/e2e
  .venv/e2e/bin/pip install --quiet --disable-pip-version-check -r e2e/requirements.txt
  echo "$lock" >.venv/e2e/lock
fi
if [ -n "${CLIENTELE_KUBECONFIG:-}" ] && [ -n "${CLIENTELE_CLUSTER_LOAD:-}" ]; then
  export CLIENTELE_E2E_IMAGE_PREFIX=clientele.local CLIENTELE_E2E_IMAGE_TAG=e2e
  images=.clientele/e2e/images
  steps=(ingest preprocess drift train evaluate promote score explore recommend predict measure audience publish report registry)
  OUT=$images BUILDER=ociimage CLIENTELE_IMAGE_PREFIX=$CLIENTELE_E2E_IMAGE_PREFIX CLIENTELE_IMAGE_TAG=$CLIENTELE_E2E_IMAGE_TAG \
    tools/images.sh "${steps[@]}"
  for step in "${steps[@]}"; do
    "$CLIENTELE_CLUSTER_LOAD" "$images/$step.tar" >/dev/null
  done
  tools/dags.sh install 3.3.1 2.11.1
  for style in check "format --check"; do # shellcheck disable=SC2086 # words
    .venv/airflow-3.3.1/bin/ruff $style --no-cache --quiet --config dags/ruff.toml e2e
  done
fi
# In memory where that can be a folder: Airflow's sqlite asks a disk for thousands of small writes.
memory=/dev/shm
[ -w "$memory" ] || memory=${TMPDIR:-/tmp}
temporary=$(mktemp -d -p "$memory" clientele-e2e.XXXXXX)
# Bounded whatever hangs. INT lets the fixtures take everything down; what KILL leaves, the guards of e2e/process.py end.
code=0
timeout --foreground --signal=INT --kill-after=90 "${E2E_TIMEOUT:-2400}" \
  .venv/e2e/bin/python -m pytest -p no:cacheprovider --basetemp="$temporary/tests" -c e2e/pytest.ini --rootdir=e2e e2e \
  --junit-xml=.clientele/tests/e2e.xml "$@" || code=$?
if [ "$code" = 0 ]; then
  rm -rf "$temporary"
else
  echo "e2e: logs and pictures are in $temporary" >&2
fi
exit "$code"
