#!/usr/bin/env bash
# Runs every fuzz target of the module for the given time each (3s, 5m, 20000x). A find is written by Go beside the target,
# in testdata/fuzz, and from then on every `go test` replays it: commit it with the repair.
set -euo pipefail
cd "$(dirname "$0")/.."
time=${1:?usage: tools/fuzz.sh TIME}
log=$(mktemp)
trap 'rm -f "$log"' EXIT

# `go test -list` prints the names of a package's targets and then "ok <package>".
targets=$(go test -list '^Fuzz' ./... | awk '/^Fuzz/ {names[n++]=$1} /^ok/ {for (i=0; i<n; i++) print $2, names[i]; n=0}')
failed=0
while read -r package name; do
  [ -n "$name" ] || continue
  echo "fuzz $package $name $time"
  if go test -run '^$' -fuzz "^$name\$" -fuzztime "$time" "$package" >"$log" 2>&1; then
    grep -E '^fuzz: elapsed' "$log" | tail -n 1
    continue
  fi
  # Go sometimes reports its own deadline as a failure when the time is up (golang/go#75804); a find always names its input.
  if grep -q 'context deadline exceeded' "$log" && ! grep -q 'Failing input written' "$log"; then
    grep -E '^fuzz: elapsed' "$log" | tail -n 1
    continue
  fi
  cat "$log"
  failed=1
done <<<"$targets"
exit $failed
