docker run -d --name web -p 8000:8000 -m 200m --memory-swap 200m --oom-score-adj=400 --ulimit nofile=2048 --restart=on-failure:5 docker.io/library/scorer:latest
