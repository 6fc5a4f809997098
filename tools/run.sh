#!/usr/bin/env bash
# make run: the whole pipeline on this machine. SOURCE and ROOT come from the environment, flags for bin/pipeline as arguments.
#
# Without SOURCE a demo shop is made and used. Without ROOT each source has a folder of its own under .clientele, named
# after the file and a short hash of its location: two files of one name never share a root.
set -euo pipefail
cd "$(dirname "$0")/.."
source=${SOURCE:-}
root=${ROOT:-}

if [ -z "$source" ]; then
  root=${root:-.clientele/demo}
  case $root in
    *://*) shop=.clientele/demo/shop ;;
    *) shop=$root/shop ;;
  esac
  source=$shop/lines.csv
  # Made once: a newer generator may deal other lines, which ingest would rightly refuse as days that shrink.
  [ -e "$shop/truth.json" ] || bin/demo --out-dir="$shop"
  set -- --truth="$(realpath -- "$shop/truth.json")" "$@" # practice: how the segments agree with the planted kinds
fi
case $source in
  *://* | *$'\n'*) ;; # several sources, one per line
  *) source=$(realpath -m -- "$source") ;; # a file that is not there is bin/pipeline's to report
esac
if [ -z "$root" ]; then
  slug=$(basename -- "$(printf %s "${source%%\?*}" | head -n 1)" | tr 'A-Z' 'a-z' | tr -cs 'a-z0-9\n' - | cut -c1-40)
  root=.clientele/${slug%-}-$(printf %s "$source" | cksum | awk '{printf "%08x", $1}')
  # Deliveries of one shop under two file names would have two histories, each with models and segments of its own.
  others=$(for state in .clientele/*/state/lines.json; do
    other=${state%/state/lines.json}
    [ "$other" = .clientele/demo ] || [ "$other" = ".clientele/*" ] || echo "  ROOT=$other"
  done)
  if [ -n "$others" ] && [ ! -e "$root/state/lines.json" ]; then
    printf 'This source gets a root of its own, %s, with its own history and segments. To add it to the history of another\nsource, such as an earlier delivery of the same shop, run make again with its root:\n%s\n' "$root" "$others" >&2
  fi
fi

# ask prints three queries with their answers, where the run was published to a local BigQuery.
ask() {
  for flag in "$@"; do
    case ${BIGQUERY_EMULATOR_HOST:-}/$flag in
      ?*/--warehouse=?*) python3 tools/bigquery/ask.py "$BIGQUERY_EMULATOR_HOST" "${flag#*=}" ;;
    esac
  done
}

case $root in
  *://*)
    result=.clientele/$(printf %s "$root" | tr -cs 'A-Za-z0-9\n' - | cut -c1-60)-$(printf %s "$root" | cksum | awk '{printf "%08x", $1}')/result.json
    bin/pipeline --source="$source" --root="$root" --result="$result" "$@"
    ;;
  *)
    root=$(realpath -m -- "$root")
    bin/pipeline --source="$source" --root="file://$root" --result="$root/result.json" "$@"
    ;;
esac
ask "$@"
