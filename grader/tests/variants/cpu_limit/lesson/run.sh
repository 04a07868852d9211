docker run -d --name web -p 8000:8000 --cpus=2 --cpu-shares=1024 scorer
