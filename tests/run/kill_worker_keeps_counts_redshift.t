#!/bin/bash
# kill_worker_keeps_counts.t on redshift.
ENGINE=redshift
. "$(dirname "$0")/kill_worker_keeps_counts.t"
