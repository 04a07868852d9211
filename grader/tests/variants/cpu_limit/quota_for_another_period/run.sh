docker run -d --name web -p 8000:8000 --cpu-period=200000 --cpu-quota=50000 scorer
