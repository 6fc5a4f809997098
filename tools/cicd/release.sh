#!/usr/bin/env bash
# Tags this commit as the release that VERSION names, with its notes and files, by gh: GH_TOKEN may write contents.
# dist/ has what images.yml has built of this commit. ARGS=--dry-run prints what would be released.
set -euo pipefail
cd "$(dirname "$0")/../.."
version=$(cat VERSION)
mkdir -p dist
python3 tools/cicd/release.py >dist/notes.md
if [[ $(python3 -c 'import json; print(json.load(open("dist/images/images.json"))["version"])') != "$version" ]]; then
  echo "release: dist/images is not of version $version" >&2
  exit 1
fi
files=(dist/dags/*.zip dist/images/images.json dist/sbom/*.json)
ls "${files[@]}" >/dev/null
if [[ ${ARGS:-} == --dry-run ]]; then
  echo "v$version of $(git rev-parse HEAD):" "${files[@]}"
  exit
fi
gh release create "v$version" --target "$(git rev-parse HEAD)" --title "Clientele $version" --notes-file dist/notes.md "${files[@]}"
