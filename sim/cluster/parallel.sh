#!/usr/bin/env bash
# A sweep in N shards on one machine or several, spread by GNU parallel.
#
#   sim/cluster/parallel.sh N DIR FILE --vary KEY=VALUES [...]
#
# With hosts in PARALLEL_HOSTS (`8/host-a,8/host-b`), shards go there by SSH; DIR is then on a file system
# that all of them share. A shard that failed runs once more, and goes on where it stopped.
set -euo pipefail

shards=$1 folder=$2
shift 2
sim=${SIM:-sim}

hosts=()
if [[ -n ${PARALLEL_HOSTS:-} ]]; then
    hosts=(--sshlogin "$PARALLEL_HOSTS" --workdir .)
fi
seq "$shards" | parallel --halt soon,fail=1 --retries 2 --quote "${hosts[@]}" \
    "$sim" sweep "$@" --out "$folder" --shard "{}/$shards"
"$sim" merge "$folder"/points-*-of-"$shards".jsonl --out "$folder"
