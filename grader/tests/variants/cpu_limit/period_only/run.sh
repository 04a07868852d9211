docker run -d --name web -p 8000:8000 --cpu-period=100000 scorer
