#!/usr/bin/env bash
# make test-race: the tests of every package that uses goroutines, shortened (-short), under the race detector. Arguments are
# flags of go test.
#
# It needs cgo and a C compiler. Without one it says what to install; with CI=true that is a failure.
set -euo pipefail
cd "$(dirname "$0")/.."
export CGO_ENABLED=1

if ! echo '#include <stdlib.h>' | "$(go env CC)" -x c -fsyntax-only - 2>/dev/null; then
  why="the race detector needs a C compiler and its headers: apt-get install gcc libc6-dev"
  echo "race: $why" >&2
  if [ "${CI:-}" = true ]; then exit 1; fi
  reports=${REPORTS:-.clientele/tests}
  mkdir -p "$reports"
  printf '<testsuite><testcase name="the race detector"><skipped message="%s"/></testcase></testsuite>\n' "$why" >"$reports/race.xml"
  exit
fi

# A package uses goroutines if it, or its test, starts one or guards against others: `go f()`, sync, errgroup.
started='^[[:space:]]*go (func\b|[A-Za-z_][A-Za-z0-9_.]*\()'
guarded='^[[:space:]]*([a-z]+ )?"(golang.org/x/sync/[a-z]+|sync|sync/atomic)"'
mapfile -t packages < <(grep -rlE "$started|$guarded" --include='*.go' pkg tasks | xargs -n1 dirname | sort -u | sed 's|^|./|')
if ((${#packages[@]} == 0)); then
  echo "race: no package uses goroutines: the search in tools/race.sh is wrong" >&2
  exit 1
fi
# These take ten minutes of CPU time and say nothing about goroutines: another program does the work (Google's analyzer, what is in bin/), or a shorter
# test of the same package runs the same code side by side (TestRealDefaults, TestTwoErasuresAtOnce, TestReal and others).
long=(
  TestStatementsAreTyped TestReadStatementsAreTyped TestOwnData TestRealSets TestErase TestEraseEverybodyOfASegment TestEraseWhatTheBucketKeeps
  TestWeeklyLooks TestPlantedEffect TestTeacups TestSmallSetsReachTheOptimum TestStrayQuotes TestLargePage TestFaultsAreFound TestCampaignIsFound
  TestRunOnRealFile TestNothingIsFoundInOnlineRetail TestTooLarge TestManyRows
)
skip=$(IFS='|' && echo "^(${long[*]})\$")
echo "race: ${packages[*]}"
exec tools/gotest.sh race . -race -short -timeout=20m -skip="$skip" "$@" "${packages[@]}"
