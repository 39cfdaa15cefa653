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
trap 'exit 130' INT # libFuzzer ends with a status of its own.

readonly root=$PWD folder=$PWD/target/fuzz
readonly seconds=${FUZZ_SECONDS:-60} max_memory_mib=2048 max_input_seconds=30

# Coverage of edges and comparisons, by which libFuzzer chooses its inputs.
readonly instrumentation="--cfg fuzzing -Cdebug-assertions -Cpasses=sancov-module -Cllvm-args=-sanitizer-coverage-level=4 \
-Cllvm-args=-sanitizer-coverage-inline-8bit-counters -Cllvm-args=-sanitizer-coverage-pc-table \
-Cllvm-args=-sanitizer-coverage-trace-compares"

main() {
  case "${1:-}" in help | -h | --help) sed -n '2,/^[^#]/{ s/^# \{0,1\}//p; }' "$0" && return ;; esac
  [ $# -gt 0 ] || set -- read inputs rule_file expression
  local target findings=()
  for target; do locate "$target"; done # An unknown name is told before the first build.
  for target; do
    locate "$target"
    build "$target"
    run "$target" || findings+=("$target")
  done
  [ ${#findings[@]} -eq 0 ] || { echo "findings in ${findings[*]}: see target/fuzz/findings" >&2 && return 1; }
}

# locate TARGET: sets `crate`, the folder of its crate, and `seeds`, the folders of its first inputs.
locate() {
  case "$1" in
    read) crate=archive/fuzz seeds=(seeds hostile-seeds) ;;
    inputs) crate=builtin-rules/fuzz seeds=(seeds) ;;
    rule_file) crate=declarative-rules/fuzz seeds=(../examples) ;;
    expression) crate=declarative-rules/fuzz seeds=(seeds/expression) ;;
    *) echo "there is no target $1; see --help" >&2 && exit 2 ;;
  esac
  crate=$root/workloads/$crate
  seeds=("${seeds[@]/#/$crate/}")
}

build() {
  local host
  host=$(rustc --version --verbose | sed -n 's/^host: //p')
  # With a target, the flags are not for programs that run while it is built.
  RUSTFLAGS="$instrumentation" cargo build --manifest-path "$crate/Cargo.toml" --release --quiet --bin "$1" --target "$host" \
    --target-dir "$folder"
  mkdir -p "$folder/bin" "$folder/findings" "$folder/corpus/$1"
  cp "$folder/$host/release/$1" "$folder/bin/$1"
}

# run TARGET: one pipeline only, since bash does not stop at failed commands in a function whose status is tested.
run() {
  echo "fuzzing $1 for $seconds s" >&2
  "$folder/bin/$1" "$folder/corpus/$1" "${seeds[@]}" -max_total_time="$seconds" -rss_limit_mb="$max_memory_mib" \
    -timeout="$max_input_seconds" -artifact_prefix="$folder/findings/$1-" -print_final_stats=1 2>&1 | tail -n 12
}

main "$@"
