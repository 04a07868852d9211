#!/usr/bin/env bash
set -euo pipefail
# memory and swap together: 200 MiB
exec docker container run --detach --restart unless-stopped -m200M --memory-swap=200M \
  --memory-reservation 128m --name "web" --publish 8000:8000 'scorer'
