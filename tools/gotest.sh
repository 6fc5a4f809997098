#!/usr/bin/env bash
# Runs `go test` on a module and lists what was skipped and why, which `go test` alone keeps to itself.
#
#   tools/gotest.sh NAME FOLDER FLAG... PACKAGE...    the report is .clientele/tests/NAME.xml (JUnit)
#
# bin/gotestsum must be built.
set -euo pipefail
cd "$(dirname "$0")/.."
root=$PWD name=$1 folder=$2
shift 2
mkdir -p .clientele/tests
cd "$folder"
exec "$root/bin/gotestsum" --format=pkgname --format-hide-empty-pkg --junitfile="$root/.clientele/tests/$name.xml" -- "$@"
