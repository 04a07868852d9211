docker run -d --name web -p 8000:8000 --cpu-quota=-1 scorer
