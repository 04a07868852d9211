docker run -d --name web --gpus device=0 --device nvidia.com/gpu=0 scorer
