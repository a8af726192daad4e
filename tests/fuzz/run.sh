#!/bin/sh
# Runs fuzz targets one after the other: run.sh SECONDS [TARGET…]. Fails if one of them found something.
set -eu
seconds=$1
shift
cd "$(dirname "$0")"
export RUSTC_BOOTSTRAP=1
[ $# -gt 0 ] || set -- $(cargo fuzz list --fuzz-dir .)
found=""
for target in "$@"; do
    mkdir -p "corpus/$target"
    cargo fuzz run --fuzz-dir . --sanitizer none "$target" "corpus/$target" "seeds/$target" -- \
        -max_total_time="$seconds" -timeout=10 -rss_limit_mb=2048 -max_len=16384 -print_final_stats=1 -verbosity=1 ||
        found="$found $target"
done
[ -z "$found" ] || { echo "Findings are in tests/fuzz/artifacts:$found" >&2; exit 1; }
