#!/usr/bin/env bash
set -euo pipefail
exec docker container run \
  --detach \
  --restart "on-failure:3" \
  --publish 8000:8000 \
  --name web \
  scorer
