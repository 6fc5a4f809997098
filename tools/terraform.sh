#!/usr/bin/env bash
# make test-terraform: checks terraform/ without a cloud. Arguments are pytest's: -k bucket.
#
#   tools/terraform.sh            format, validation, tests of the modules, policies on the plans of both environments
#   tools/terraform.sh docs       writes the tables of terraform/modules/*/README.md and what is made from the DAGs' settings
#
#   CLIENTELE_TERRAFORM           a command that is given a folder and a Terraform command, and runs this in that folder with a
#                                 google provider at hand. tools/terraform/online takes the published provider.
#
# Without it the tests that run Terraform say so and are skipped; with CI=true they fail.
set -euo pipefail
cd "$(dirname "$0")/.."

if [[ ${1:-} == docs ]]; then
  exec python3 tools/terraform/docs.py --write
fi
lock=$(sha256sum <tools/terraform/requirements.txt)
if [[ $lock != "$(cat .venv/terraform/lock 2>/dev/null)" ]]; then
  python3 -m venv --clear .venv/terraform
  .venv/terraform/bin/pip install --quiet --disable-pip-version-check -r tools/terraform/requirements.txt
  echo "$lock" >.venv/terraform/lock
fi
PYTHONDONTWRITEBYTECODE=1 exec timeout --foreground --kill-after=10 "${TERRAFORM_TIMEOUT:-900}" \
  .venv/terraform/bin/python -m pytest -p no:cacheprovider -c terraform/tests/pytest.ini --rootdir=terraform/tests terraform/tests \
  --junit-xml=.clientele/tests/terraform.xml "$@"
