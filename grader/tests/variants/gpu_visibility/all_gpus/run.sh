docker run -d --name web --gpus all scorer
