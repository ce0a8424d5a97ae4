#!/usr/bin/env bash
# What needs more than npm: Redis and Chromium from Debian, and the longer fault runs.
set -u
cd "$(dirname "$0")/.." || exit 1
missing=()
command -v redis-server >/dev/null || missing+=(redis-server)
command -v chromium >/dev/null || missing+=(chromium fonts-noto-core fonts-noto-cjk)
if [ ${#missing[@]} -gt 0 ]; then
  if [ "$(id -u)" -eq 0 ] && command -v apt-get >/dev/null; then
    echo "Installing ${missing[*]} ..."
    apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null ||
      echo "Could not install ${missing[*]}; the tests that need them say so and are skipped."
  else
    echo "Not here: ${missing[*]}. As root on Debian they would be installed; the tests that need them say so and are skipped."
  fi
fi
FULL=1 exec node bin/run.js --built vitest run "$@"
