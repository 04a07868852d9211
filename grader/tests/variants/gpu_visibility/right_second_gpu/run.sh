docker run \
  --name=web --detach \
  --gpus="device=1" \
  scorer
