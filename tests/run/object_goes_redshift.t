#!/bin/bash
# object_goes.t on redshift.
ENGINE=redshift
. "$(dirname "$0")/object_goes.t"
