#!/usr/bin/env bash
# Runs every fuzz target of the module for the given time each (3s, 5m, 20000x). A find is written by Go beside the target,
# in testdata/fuzz, and from then on every `go test` replays it: commit it with the repair.
set -euo pipefail
cd "$(dirname "$0")/.."
time=${1:?usage: tools/fuzz.sh TIME}
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
cache=$(go env GOCACHE)/fuzz/clientele

failed=0
for folder in $(grep -rlE '^func Fuzz[A-Z]' --include='*_test.go' pkg tasks | xargs -n1 dirname | sort -u); do
  # Built once for all targets of the package, with the instrumentation that -fuzz asks for.
  go test -c -fuzz=. -o "$scratch/target" "./$folder"
  for name in $(sed -nE 's/^func (Fuzz[A-Za-z0-9_]+)\(.*/\1/p' "$folder"/*_test.go); do
    echo "fuzz $folder $name $time"
    if (cd "$folder" && "$scratch/target" -test.run='^$' -test.fuzz="^$name\$" -test.fuzztime="$time" -test.fuzzminimizetime=50x \
      -test.fuzzcachedir="$cache/$folder" >"$scratch/log" 2>&1); then
      grep -E '^fuzz: elapsed' "$scratch/log" | tail -n 1
      continue
    fi
    # Go sometimes reports its own deadline as a failure when the time is up (golang/go#75804); a find names its input.
    if grep -q 'context deadline exceeded' "$scratch/log" && ! grep -q 'Failing input written' "$scratch/log"; then
      grep -E '^fuzz: elapsed' "$scratch/log" | tail -n 1
      continue
    fi
    cat "$scratch/log"
    failed=1
  done
done
exit $failed
