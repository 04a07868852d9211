docker run -d --name web -p 8000:8000 --cpus=0.5 --cpu-quota=50000 scorer
