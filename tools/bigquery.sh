#!/usr/bin/env bash
# A local BigQuery, and Google's own SQL analyzer, from tools/bigquery/requirements.txt.
#
#   tools/bigquery.sh install      makes .venv/bigquery
#   tools/bigquery.sh start        the server with a dataset, on PORT (9050), until Ctrl-C: make warehouse
set -euo pipefail
cd "$(dirname "$0")/.."
readonly HOME_OF=.venv/bigquery

lock=$(sha256sum <tools/bigquery/requirements.txt)
if [[ $lock != "$(cat $HOME_OF/lock 2>/dev/null)" ]]; then
  python3 -m venv --clear $HOME_OF
  $HOME_OF/bin/pip install --quiet --disable-pip-version-check -r tools/bigquery/requirements.txt
  echo "$lock" >$HOME_OF/lock
fi
[[ ${1:-} == start ]] || exit 0

port=${PORT:-9050}
(
  created() { # 409: an answer before came too late for curl
    case $(curl --silent --output /dev/null --write-out '%{http_code}' --header 'content-type: application/json' \
      --data '{"datasetReference":{"projectId":"local-project","datasetId":"clientele"}}' \
      "http://127.0.0.1:$port/bigquery/v2/projects/local-project/datasets") in 200 | 409) ;; *) return 1 ;; esac
  }
  until created; do sleep 0.5; done
  echo "BigQuery is at 127.0.0.1:$port, with the dataset local-project.clientele. In another terminal:"
  echo "  BIGQUERY_EMULATOR_HOST=127.0.0.1:$port make run ARGS=\"--warehouse=local-project.clientele\""
  echo "  tools/bigquery.sh is ended by Ctrl-C; nothing is kept."
) &
exec $HOME_OF/bin/python tools/bigquery/emulator.py "$port"
