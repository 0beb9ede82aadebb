#!/bin/sh
# Makes js/node/vendor/*.js and LICENSES.txt again from the pinned packages of vendor/package.json. Run it by hand
# after changing a version; the product and its tests only read the result. Needs Node and npm; works in a temporary
# folder and writes nothing else.
set -eu

vendor=$(cd "$(dirname "$0")/vendor" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

cp "$vendor/package.json" "$vendor/package-lock.json" "$vendor/build.mjs" "$work"
cd "$work"
npm ci --silent --no-audit --no-fund
node build.mjs "$vendor"
