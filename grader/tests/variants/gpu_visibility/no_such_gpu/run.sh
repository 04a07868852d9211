docker run -d --name web --gpus device=7 scorer
