#!/bin/bash
# in_doubt.t on redshift.
ENGINE=redshift
. "$(dirname "$0")/in_doubt.t"
