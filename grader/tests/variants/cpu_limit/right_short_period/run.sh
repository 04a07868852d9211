docker run -d --name web -p 8000:8000 --cpu-period 20000 --cpu-quota 10000 --cpu-shares 512 scorer
