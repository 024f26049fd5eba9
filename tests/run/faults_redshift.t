#!/bin/bash
# faults.t on redshift.
ENGINE=redshift
. "$(dirname "$0")/faults.t"
