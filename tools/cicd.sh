#!/usr/bin/env bash
# make test-cicd: tests of what CI and CD do: deploying DAG sets and going back, releases, policies of the workflows. Arguments are pytest's.
set -euo pipefail
cd "$(dirname "$0")/.."

lock=$(sha256sum <tools/cicd/requirements.txt)
if [[ $lock != "$(cat .venv/cicd/lock 2>/dev/null)" ]]; then
  python3 -m venv --clear .venv/cicd
  .venv/cicd/bin/pip install --quiet --disable-pip-version-check -r tools/cicd/requirements.txt
  echo "$lock" >.venv/cicd/lock
fi
PYTHONDONTWRITEBYTECODE=1 exec timeout --foreground --kill-after=10 300 \
  .venv/cicd/bin/python -m pytest -p no:cacheprovider -c tools/cicd/tests/pytest.ini --rootdir=tools/cicd/tests tools/cicd/tests \
  --junit-xml=.clientele/tests/cicd.xml "$@"
