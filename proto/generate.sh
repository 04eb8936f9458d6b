#!/usr/bin/env bash
# Generates gridran/wire/v1 from the .proto files here.
#   proto/generate.sh           write the files
#   proto/generate.sh --check   write nothing; fail when the committed files differ
set -euo pipefail
cd "$(dirname "$0")/.."
target=gridran/wire/v1
[ -x .venv/bin/python ] && PATH="$PWD/.venv/bin:$PATH"

generate() {
  python -m grpc_tools.protoc -Iproto --python_out="$1" --grpc_python_out="$1" \
    --mypy_out="quiet:$1" --mypy_grpc_out="quiet:$1" proto/*.proto
  # protoc writes imports as if the files lay at the top of the path.
  sed -i -E 's/^import ([a-z0-9_]+_pb2)( as .*)?$/from gridran.wire.v1 import \1\2/' "$1"/*_pb2*.py "$1"/*_pb2*.pyi
  echo '"""Generated from proto/ by proto/generate.sh. Do not edit."""' > "$1/__init__.py"
}

case "${1:-}" in
  "")
    mkdir -p "$target"
    rm -f "$target"/*.py "$target"/*.pyi
    generate "$target"
    ;;
  --check)
    fresh="$(mktemp -d)"
    trap 'rm -rf "$fresh"' EXIT
    generate "$fresh"
    if ! diff -ru --exclude=__pycache__ "$target" "$fresh"; then
      echo "$target is not what proto/ says: run proto/generate.sh and commit the result" >&2
      exit 1
    fi
    ;;
  *)
    echo "usage: proto/generate.sh [--check]" >&2
    exit 2
    ;;
esac
