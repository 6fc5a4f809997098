#!/usr/bin/env bash
# Makes pkg/report/assets/plot.js, the page's chart library, from the versions that tools/plot/package-lock.json names, and prints
# its SHA-256. `tools/plot.sh check` builds it and says whether the committed one is the same. Needs Node and npm, once; nobody who
# uses or builds the page does.
set -euo pipefail
cd "$(dirname "$0")/.."
bundle=pkg/report/assets/plot.js
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cp tools/plot/package.json tools/plot/package-lock.json tools/plot/entry.js "$work"
npm ci --prefix "$work" --ignore-scripts --no-audit --no-fund >&2
version() { node -p "require('$work/node_modules/$1/package.json').version"; }
{
  echo "/*! Observable Plot $(version @observablehq/plot), Copyright 2020-2025 Observable, Inc.; d3 $(version d3), Copyright 2010-2026 Mike Bostock: ISC License."
  echo " * interval-tree-1d and binary-search-bounds, Copyright 2013 Mikola Lysenko: MIT License. The texts are in NOTICE. */"
  # The platform's own program: --ignore-scripts has left the launcher as it came.
  (cd "$work" && node node_modules/esbuild/bin/esbuild entry.js --bundle --minify --format=iife --global-name=Plot --target=es2022 --legal-comments=none)
} > "$work/plot.js"
if [ "${1:-}" = check ]; then
  cmp "$work/plot.js" "$bundle"
else
  cp "$work/plot.js" "$bundle"
fi
sha256sum "$bundle"
