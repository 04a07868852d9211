docker run -d --name web --gpus device=0,1 scorer
