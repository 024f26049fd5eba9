#!/bin/bash
# cluster_faults.t, where AWS never answers: it is asked again. It takes long; cluster_timeouts_2.t has the
# other half.
HOWS=timeout STEP=2 FIRST=0
. "$(dirname "$0")/cluster_faults.t"
