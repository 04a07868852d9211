docker run -d --name web -p 8000:8000 --cpu-period=1000000 --cpu-quota=500000 scorer
