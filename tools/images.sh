#!/usr/bin/env bash
# make images: tools/images.sh TASK... builds an image for each task into OUT (dist/images), as OUT/<task>.tar, and lists their
# digests in OUT/images.json. One commit has one digest, in any folder, on any day and by any builder, given the same Go.
#
# BUILDER=docker|buildah|ociimage; by default the first that works here: docker with a running daemon, buildah as root,
# tools/ociimage.
# SPARK_BASE=saved.tar, what `docker save` wrote of your image for Spark: builds OUT/spark.tar too, that image with preprocess and
# engine/spark/job.py as one more layer (docs/engine.md).
# The archives are called ${CLIENTELE_IMAGE_PREFIX:-clientele.local}/<task>:${CLIENTELE_IMAGE_TAG:-<tag>}. The tag is the version of
# a release (docs/releasing.md), and otherwise has the revision too: 0.2.0, 0.2.0-dev.0123456789ab, 0.2.0-dev.0123456789ab-modified.
# GOFLAGS and CGO_ENABLED come from the Makefile.
set -euo pipefail
cd "$(dirname "$0")/.."
: "${1:?usage: tools/images.sh TASK...}"
out=${OUT:-dist/images}
arch=amd64 # Composer's and GKE's nodes

# A program knows its commit only when it is made of exactly that; otherwise it goes by its own hash (pkg/task/version.go).
# Go's own stamp is not used: it names the nearest tag too, and so one commit had two digests, before its tag and after.
revision=none
created=0
stamp=()
if git rev-parse --verify --quiet HEAD >/dev/null; then
  revision=$(git rev-parse HEAD)
  created=$(git log -1 --format=%ct)
  if [ -z "$(git status --porcelain)" ]; then
    stamp=(-X "github.com/clientele/clientele/pkg/task.commit=$revision")
  else
    revision=$revision-modified
  fi
fi
version=$(cat VERSION)
tag=$version
if [[ $version == *-* || ${#stamp[@]} == 0 ]]; then
  tag=$version.$(sed -E 's/^([0-9a-f]{12})[0-9a-f]*/\1/' <<<"$revision")
fi
tag=${CLIENTELE_IMAGE_TAG:-$tag}

builder=${BUILDER:-}
if [ -z "$builder" ]; then
  if docker info >/dev/null 2>&1; then
    builder=docker
  elif command -v buildah >/dev/null && [ "$(id -u)" = 0 ]; then
    builder=buildah
  else
    builder=ociimage
  fi
fi
echo "images: $version, $revision by $builder, $(go env GOVERSION), linux/$arch"

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir -p "$out" "$work/context"
rm -f "$out/images.json" # written last: it never names images of another time
go build -C tools -buildvcs=false -o "$work/ociimage" ./ociimage

for task in "$@"; do
  name=${CLIENTELE_IMAGE_PREFIX:-clientele.local}/$task:$tag
  # Modes are set and not left to the umask: they are part of the digest.
  install -d -m 0755 "$work/context/$task"
  install -d -m 1777 "$work/context/$task/tmp"
  GOOS=linux GOARCH=$arch GOAMD64=v1 \
    go build -buildvcs=false -ldflags="-s -w ${stamp[*]}" -o "$work/context/$task/step" "./tasks/$task/cmd"
  chmod 0755 "$work/context/$task/step"

  args=(--build-arg "TASK=$task" --build-arg "VERSION=$version" --build-arg "REVISION=$revision")
  from=()
  case $builder in
    docker)
      docker build --quiet --platform "linux/$arch" "${args[@]}" -f images/Dockerfile -t "$name" "$work/context" >/dev/null
      docker save -o "$work/saved.tar" "$name"
      ;;
    buildah)
      # vfs and chroot want no privileges beyond root's; a FROM scratch image runs nothing while it is built.
      store=(--storage-driver vfs --root "$work/storage" --runroot "$work/run")
      buildah "${store[@]}" bud --quiet --isolation chroot --arch "$arch" "${args[@]}" \
        -f images/Dockerfile -t "$name" "$work/context" >/dev/null
      rm -f "$work/saved.tar"
      buildah "${store[@]}" push --quiet "$name" "docker-archive:$work/saved.tar:$name"
      ;;
    ociimage)
      from=(-context="$work/context" -arg="TASK=$task" -arg="VERSION=$version" -arg="REVISION=$revision")
      ;;
    *)
      echo "BUILDER: want docker, buildah or ociimage (got $builder)" >&2
      exit 64
      ;;
  esac
  # What docker or buildah built is rewritten, without the times and names that they add.
  digest=$("$work/ociimage" "${from[@]:--saved=$work/saved.tar}" -name="$name" -created="$created" -out="$out/$task.tar")
  printf '%s %s\n' "$task" "$digest" >>"$work/digests"
  size=$(wc -c <"$out/$task.tar")
  awk -v task="$task" -v size="$size" -v digest="$digest" 'BEGIN { printf "  %-11s %5.1f MB  %s\n", task, size / 1e6, digest }'
  if [ "$size" -gt 20000000 ]; then
    echo "images: $task is over 20 MB (docs/images.md)" >&2
    exit 1
  fi
  if [[ $task == preprocess && -n ${SPARK_BASE:-} ]]; then
    install -D -m 0755 "$work/context/$task/step" "$work/spark/usr/local/bin/preprocess"
    install -D -m 0644 engine/spark/job.py "$work/spark/opt/clientele/job.py"
    find "$work/spark" -type d -exec chmod 0755 {} +
    "$work/ociimage" -base="$SPARK_BASE" -context="$work/spark" -name="${name%/*}/spark:$tag" -created="$created" -out="$out/spark.tar" |
      sed 's/^/  spark       /'
  fi
  rm -rf "$work/context/$task"
done

if [ ${#stamp[@]} -gt 0 ] && { [ "$(git rev-parse HEAD)" != "$revision" ] || [ -n "$(git status --porcelain)" ]; }; then
  echo "images: the tree changed while they were built: they are not $revision" >&2
  exit 1
fi

sort "$work/digests" | awk -v version="$version" 'BEGIN { printf "{\n  \"version\": \"%s\"", version } { printf ",\n  \"%s\": \"%s\"", $1, $2 } END { print "\n}" }' >"$work/images.json"
install -m 0644 "$work/images.json" "$out/images.json"
