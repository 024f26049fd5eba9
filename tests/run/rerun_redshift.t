#!/bin/bash
# rerun.t on redshift.
ENGINE=redshift
. "$(dirname "$0")/rerun.t"
