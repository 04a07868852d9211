docker run -d --name web -p 8000:8000 -m 200m --memory-swap 200m --oom-score-adj=-500 --restart=on-failure:5 scorer
