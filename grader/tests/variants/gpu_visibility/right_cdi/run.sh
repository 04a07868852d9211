docker run -d --name web --device nvidia.com/gpu=1 scorer
