#!/bin/bash
# kill_worker_keeps_counts.t on local.
ENGINE=local
. "$(dirname "$0")/kill_worker_keeps_counts.t"
