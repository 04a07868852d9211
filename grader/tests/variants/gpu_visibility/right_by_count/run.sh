docker run -d --name web --gpus 1 scorer
