#!/bin/bash
# changed_objects.t on redshift.
ENGINE=redshift
. "$(dirname "$0")/changed_objects.t"
