#!/bin/bash
# changed_objects.t on local.
ENGINE=local
. "$(dirname "$0")/changed_objects.t"
