#!/usr/bin/env bash
# Plans ENV with its own values, has the policies judge the plan, and keeps it in dist/plan; or applies exactly that plan.
#
#   ENV=dev STATE=PROJECT-terraform VALUES="$(cat terraform.tfvars)" tools/terraform/environment.sh plan|apply
#
# STATE is the bucket of Terraform's state. A plan can hold what the state holds: it is kept for a day.
set -euo pipefail
cd "$(dirname "$0")/../.."
: "${ENV:?dev or prod}" "${STATE:?the bucket of the state}"
command=${1:?plan or apply}
folder=terraform/envs/$ENV
[[ -d $folder ]] || { echo "ENV: want dev or prod (got $ENV)" >&2; exit 64; }
plan=$PWD/dist/plan
terraform -chdir="$folder" init -input=false -backend-config="bucket=$STATE" >/dev/null
case $command in
  plan)
    mkdir -p "$plan"
    if [[ -n ${VALUES:-} ]]; then printf '%s\n' "$VALUES" >"$folder/terraform.tfvars"; fi
    terraform -chdir="$folder" plan -input=false -out="$plan/plan"
    terraform -chdir="$folder" show -json "$plan/plan" >"$plan/plan.json"
    python3 tools/terraform/judge.py "$plan/plan.json"
    ;;
  apply) terraform -chdir="$folder" apply -input=false "$plan/plan" ;;
  *) echo "want plan or apply (got $command)" >&2; exit 64 ;;
esac
