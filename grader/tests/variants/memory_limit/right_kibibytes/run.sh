docker run -d --name web -p 8000:8000 --memory 262144k --memory-swap 262144k --cpus 1 --pids-limit 100 --restart on-failure scorer
