#!/usr/bin/env bash
# What needs more than npm: Redis, Postgres, PHP, Chromium and nftables from Debian, and the longer fault runs.
set -u
cd "$(dirname "$0")/.." || exit 1
missing=()
command -v redis-server >/dev/null || missing+=(redis-server)
command -v chromium >/dev/null || missing+=(chromium fonts-noto-core fonts-noto-cjk)
fc-list 2>/dev/null | grep -q CJK || missing+=(fonts-noto-cjk)
compgen -G "/usr/lib/postgresql/*/bin/initdb" >/dev/null || missing+=(postgresql)
command -v php >/dev/null || missing+=(php-cli)
command -v nft >/dev/null || missing+=(nftables)
{ command -v g++ && command -v make && command -v python3; } >/dev/null || missing+=(g++ make python3)
if [ ${#missing[@]} -gt 0 ]; then
  if [ "$(id -u)" -eq 0 ] && command -v apt-get >/dev/null; then
    echo "Installing ${missing[*]} ..."
    apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null ||
      echo "Could not install ${missing[*]}; the tests that need them say so and are skipped."
  else
    echo "Not here: ${missing[*]}. As root on Debian they would be installed; the tests that need them say so and are skipped."
  fi
fi

# Bluesky's own server (a PDS) is kept out of our packages: 370 MB, and its SQLite is compiled here, against the headers of
# the Node that runs it. Only there may an install script run, and only that one.
pinned=$(node bin/run.js node -p 'path.resolve(process.execPath, "../..")' | tail -n 1)
sqlite() { (cd test/pds && PATH="$pinned/bin:$PATH" node -e 'new (require("better-sqlite3"))(":memory:")' 2>/dev/null); }
if [ ! -d test/pds/node_modules/@atproto/pds ] || ! sqlite; then
  echo "Installing Bluesky's own server into test/pds; this takes some minutes ..."
  # make takes a path with a space in it for two.
  headers=$(mktemp -d)
  ln -s "$pinned" "$headers/node"
  (cd test/pds && PATH="$pinned/bin:$PATH" npm_config_nodedir="$headers/node" npm_config_build_from_source=true \
    npm ci --ignore-scripts=false --no-audit --no-fund --loglevel=error) && sqlite || {
    echo "Could not install it (its SQLite needs python3, make and a C++ compiler); the tests on it say so and are skipped."
    rm -rf test/pds/node_modules
  }
  rm -r "$headers"
fi
FULL=1 exec node bin/run.js --built vitest run "$@"
