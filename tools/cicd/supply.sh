#!/usr/bin/env bash
# What is known about the programs and images that are delivered.
#
#   tools/cicd/supply.sh sbom TASK...            OUT/TASK.cdx.json (dist/sbom): every module in bin/TASK, with its licence (CycloneDX)
#   tools/cicd/supply.sh vulnerabilities [PKG…]  fails where the code calls what is known to be vulnerable; VULNDB=file:///folder
#                                                replaces vuln.go.dev
#   tools/cicd/supply.sh push                    OUT/*.tar (dist/images) to IMAGES, by the digests of images.json
#   tools/cicd/supply.sh sign                    each of them, by cosign: without a key in CI (its identity is in the log Rekor), or
#                                                with COSIGN_KEY=file
#   tools/cicd/supply.sh verify                  that they are signed: by COSIGN_KEY's public half COSIGN_PUB, or by CI's IDENTITY
#
# The tools are named by version, and Go checks what it is sent against its checksum database.
set -euo pipefail
cd "$(dirname "$0")/../.."
readonly CYCLONEDX=github.com/CycloneDX/cyclonedx-gomod/cmd/cyclonedx-gomod@v1.10.0
readonly GOVULNCHECK=golang.org/x/vuln/cmd/govulncheck@v1.9.0
readonly COSIGN=github.com/sigstore/cosign/v3/cmd/cosign@v3.1.3

# Names by digest of the images in OUT, as IMAGES has them.
names() {
  : "${IMAGES:?the part of the images\' names before /ingest}"
  python3 -c 'import json, sys
for task, digest in json.load(open(sys.argv[2])).items():
    if task != "version": print(f"{sys.argv[1]}/{task}@{digest}")' "$IMAGES" "${OUT:-dist/images}/images.json"
}
# COSIGN_BIN names one that is there; else it is built, in some minutes, without the flags that the product is built with.
cosign() {
  if [[ -n ${COSIGN_BIN:-} ]]; then "$COSIGN_BIN" "$@"; else GOFLAGS='' go run "$COSIGN" "$@"; fi
}

command=${1:-}
shift || true
case $command in
  sbom)
    out=${OUT:-dist/sbom}
    mkdir -p "$out"
    for task in "$@"; do
      # Of the program as it is built, and not of the tree: what no program has is not delivered.
      go run "$CYCLONEDX" bin -json -licenses -noserial -version "$(cat VERSION)" -output "$out/$task.cdx.json" "bin/$task"
      echo "$out/$task.cdx.json"
    done
    ;;
  vulnerabilities)
    go run "$GOVULNCHECK" ${VULNDB:+-db="$VULNDB"} "${@:-./...}"
    ;;
  push)
    if [[ ${IMAGES:?} == *-docker.pkg.dev/* ]]; then gcloud auth configure-docker --quiet "${IMAGES%%/*}"; fi
    go run -C tools ./ociimage push -to="$IMAGES" "$(realpath "${OUT:-dist/images}")"/*.tar
    ;;
  sign)
    for name in $(names); do
      if [[ -n ${COSIGN_KEY:-} ]]; then
        cosign sign --yes --key "$COSIGN_KEY" --use-signing-config=false --tlog-upload=false "$name"
      else
        cosign sign --yes "$name"
      fi
    done
    ;;
  verify)
    for name in $(names); do
      if [[ -n ${COSIGN_PUB:-} ]]; then
        cosign verify --key "$COSIGN_PUB" --insecure-ignore-tlog "$name" >/dev/null
      else
        cosign verify --certificate-oidc-issuer https://token.actions.githubusercontent.com \
          --certificate-identity "${IDENTITY:?https://github.com/OWNER/NAME/.github/workflows/images.yml@refs/heads/main}" "$name" >/dev/null
      fi
      echo "signed: $name"
    done
    ;;
  *)
    sed -n '2,13s/^# \{0,1\}//p' "$0" >&2
    exit 64
    ;;
esac
