#!/usr/bin/env bash
# Writes the assembly of pkg/cluster/internal/kernel into a folder (its own, unless another is given).
set -euo pipefail
cd "$(dirname "$0")"
out=$(realpath -- "${1:-../pkg/cluster/internal/kernel}")
cd kernelgen
trap 'rm -f kernel_amd64.s stubs_amd64.go' EXIT
go run . -out kernel_amd64.s -stubs stubs_amd64.go -pkg kernel
cp kernel_amd64.s stubs_amd64.go "$out"
