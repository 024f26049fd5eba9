#!/bin/bash
# cluster_faults_down.t, where AWS never answers: it is asked again.
HOWS=timeout
. "$(dirname "$0")/cluster_faults_down.t"
