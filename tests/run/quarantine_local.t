#!/bin/bash
# quarantine.t on local.
ENGINE=local
. "$(dirname "$0")/quarantine.t"
