#!/usr/bin/env bash
# Damages archives, files that rules read, rule files and expressions at random, and reports what panics, hangs or grows.
#
#   hack/fuzz.sh [TARGET...]   read, inputs, rule_file, expression; the default is all
#
# It instruments the code by rustc's stable flags, so it needs neither a nightly Rust nor cargo-fuzz, only the C++ compiler that the
# project needs anyway. A finding is written to target/fuzz/findings, and `target/fuzz/bin/TARGET FILE` repeats it. Environment variables:
#
#   FUZZ_SECONDS   time for each target (60)
set -euo pipefail
cd "$(dirname "$0")/.."

readonly root=$PWD folder=$PWD/target/fuzz host=x86_64-unknown-linux-gnu
readonly seconds=${FUZZ_SECONDS:-60} max_memory_mib=2048 max_input_seconds=30

# Coverage of edges and comparisons, by which libFuzzer chooses its inputs.
readonly instrumentation="--cfg fuzzing -Cdebug-assertions -Cpasses=sancov-module -Cllvm-args=-sanitizer-coverage-level=4 \
-Cllvm-args=-sanitizer-coverage-inline-8bit-counters -Cllvm-args=-sanitizer-coverage-pc-table \
-Cllvm-args=-sanitizer-coverage-trace-compares"

main() {
  case "${1:-}" in help | -h | --help) sed -n '2,/^[^#]/{ s/^# \{0,1\}//p; }' "$0" && return ;; esac
  if [ -n "${FUZZ_ONE:-}" ]; then
    fuzz "$1"
    return
  fi
  [ $# -gt 0 ] || set -- read inputs rule_file expression
  local target failed=()
  # Each in a process of its own: in a function that is followed by `||`, bash goes on after a failed command.
  for target in "$@"; do FUZZ_ONE=1 "$root/hack/fuzz.sh" "$target" || failed+=("$target"); done
  [ ${#failed[@]} -eq 0 ] || { echo "findings in ${failed[*]}: see target/fuzz/findings" >&2 && return 1; }
}

# fuzz TARGET: builds it and runs it on its seeds.
fuzz() {
  local crate seeds
  case "$1" in
    read) crate=archive seeds="seeds hostile-seeds" ;;
    inputs) crate=builtin-rules seeds=seeds ;;
    rule_file) crate=declarative-rules seeds=../examples ;;
    expression) crate=declarative-rules seeds=seeds/expression ;;
    *) echo "there is no target $1; see --help" >&2 && return 2 ;;
  esac
  cd "$root/workloads/$crate/fuzz"
  RUSTFLAGS="$instrumentation" cargo build --release --quiet --bin "$1" --target "$host" --target-dir "$folder"
  mkdir -p "$folder/bin" "$folder/findings" "$folder/corpus/$1"
  cp "$folder/$host/release/$1" "$folder/bin/$1"
  echo "fuzzing $1 for $seconds s" >&2
  # shellcheck disable=SC2086 # The seeds are several folders without spaces.
  "$folder/bin/$1" "$folder/corpus/$1" $seeds -max_total_time="$seconds" -rss_limit_mb="$max_memory_mib" \
    -timeout="$max_input_seconds" -artifact_prefix="$folder/findings/$1-" -print_final_stats=1 2>&1 | tail -n 12
}

main "$@"
