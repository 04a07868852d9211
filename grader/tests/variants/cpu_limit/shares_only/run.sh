docker run -d --name web -p 8000:8000 --cpu-shares=512 scorer
