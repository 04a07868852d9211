docker run -d --name web --gpus 0 scorer
