#!/bin/bash
set -eu
exec docker container run --detach --name web --publish 8000:8000 \
    --cpus .5 --cpuset-cpus 0 --memory 256m --init \
    scorer
