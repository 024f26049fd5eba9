#!/bin/bash
# quarantine.t on redshift.
ENGINE=redshift
. "$(dirname "$0")/quarantine.t"
