#!/bin/bash
# The other half of cluster_timeouts.t.
HOWS=timeout STEP=2 FIRST=1
. "$(dirname "$0")/cluster_faults.t"
