#!/usr/bin/env bash
# build_assets.sh FOLDER BIN TARGET: build one npm package into TARGET. Without Node everything else still runs: say so, and go on.
set -uo pipefail
folder=$1 bin=$2 target=$3

if ! command -v npm >/dev/null; then
  if [ ! -x "$bin/npm" ]; then
    echo "No npm here: getting Node from PyPI (once) ..."
    "$bin/pip" install --quiet --disable-pip-version-check --require-hashes -r clients/node.lock 2>/dev/null
  fi
  export PATH="$PWD/$bin:$PATH"
fi

installed=$folder/node_modules/.package-lock.json
build() {
  if [ ! -e "$installed" ] || [ "$folder/package-lock.json" -nt "$installed" ]; then
    npm ci --prefix "$folder" --silent && touch "$installed" || return 1
  fi
  npm run build --prefix "$folder" --silent
}
if build && [ -e "$target" ]; then
  touch "$target"
else
  echo "$target was not built (npm or its registry is missing, or the build failed): the services run without it."
fi
