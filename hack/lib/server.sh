# shellcheck shell=bash
# Functions for scripts that run a server on loopback: its process and its folder. Sourced, not run.
#
# A server's folder has its data, its log, and `pid`, the id of its process.

# Downloaded servers are kept here between runs.
# shellcheck disable=SC2034 # The scripts that source this use it.
cache_dir=${XDG_CACHE_HOME:-$HOME/.cache}/ccx

die() {
  echo "${0##*/}: $*" >&2
  exit 1
}

# Ctrl-C ends a script even if the program that it waits for does not end by the signal: Go, Java and npm end with a status of their own,
# which bash takes for a failure of the program, and goes on.
trap 'exit 130' INT

# usage: prints the comment at the top of the script that was called.
usage() { sed -n '2,/^[^#]/{ s/^# \{0,1\}//p; }' "$0"; }

has() { command -v "$1" >/dev/null; }

# need PROGRAM HINT: exits with 69 if the program is not installed.
need() {
  has "$1" && return
  echo "${0##*/}: $1 is not installed; $2" >&2
  exit 69
}

# do_without WHAT FILE: goes on without a server that has failed to start, except with CI=true; prints the reason, the last line of a
# file. The tests that need the server are then reported as not run.
do_without() {
  [ "${CI:-}" != true ] || exit 1
  printf '\n*** No %s, see above: the tests that need it are not run.\n\n' "$1" >&2
  tail -n 1 "$2"
}

# server_alive FOLDER: succeeds if the process that was started there is running, and not another one with the same pid.
server_alive() {
  local pid
  pid=$(cat "$1/pid" 2>/dev/null) && command_line "$pid" | grep -qF -- "$1"
}

# command_line PID: prints the command line, from /proc if available: minimal systems have no `ps`. Empty if the process has ended.
command_line() {
  if [ -d /proc/self ]; then { tr '\0' ' ' <"/proc/$1/cmdline"; } 2>/dev/null; else ps -o command= -p "$1" 2>/dev/null; fi
}

# Debian's Go disables toolchain downloads; this lets Go 1.21 or newer download the version that a module requires.
export GOTOOLCHAIN=${GOTOOLCHAIN:-auto}

# What to do without Go, and if it fails.
# shellcheck disable=SC2034 # The scripts that source this use them.
readonly how_to_install_go="install Go 1.26, or 1.21 and newer, which fetches it: hack/install-dependencies.sh servers" \
  why_go_fails="see above; is the module proxy reachable (go env GOPROXY)? Then run it again"

# server_start FOLDER COMMAND...: starts it in the background, detached from this terminal, so that Ctrl-C does not reach it.
server_start() {
  local folder=$1
  shift
  nohup "$@" >"$folder/log" 2>&1 </dev/null &
  echo $! >"$folder/pid"
}

# server_wait FOLDER COMMAND...: waits until the command succeeds; fails with the end of the log. A server that ends fails at once, so
# the limit is for one that hangs: a busy machine may need a minute for what takes seconds.
server_wait() {
  local folder=$1 seconds=300
  local deadline=$((SECONDS + seconds))
  shift
  until "$@" 2>/dev/null; do
    if ! server_alive "$folder"; then
      tail -n 20 "$folder/log" >&2
      die "the server ended; its log is $folder/log"
    fi
    if ((SECONDS > deadline)); then
      tail -n 20 "$folder/log" >&2
      die "the server is not ready after $seconds s; its log is $folder/log"
    fi
    sleep 0.1
  done
}

# server_signal FOLDER SIGNAL
server_signal() {
  server_alive "$1" || die "not running in $1"
  kill -s "$2" "$(cat "$1/pid")"
}

# server_stop FOLDER [SIGNAL]: kills the process if it has not ended after 20 s.
server_stop() {
  local pid deadline=$((SECONDS + 20))
  if server_alive "$1"; then
    pid=$(cat "$1/pid")
    kill -s "${2:-TERM}" "$pid" 2>/dev/null || true # It may have ended just now.
    kill -CONT "$pid" 2>/dev/null || true # A stopped process receives no other signal.
    while server_alive "$1"; do # Not `kill -0`, which also succeeds for a process that has ended and was not waited for.
      ((SECONDS > deadline)) && kill -KILL "$pid"
      sleep 0.1
    done
  fi
  rm -f "$1/pid"
}

# free_port: prints a port below the range of outgoing connections, so that none takes it while its server restarts.
free_port() {
  local port
  while port=$((15000 + RANDOM % 15000)); (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null; do :; done
  echo "$port"
}
