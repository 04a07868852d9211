docker run -d --name web -p 8000:8000 --cpus=0.5 --pids-limit=1 scorer
