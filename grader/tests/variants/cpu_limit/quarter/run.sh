docker run -d --name web -p 8000:8000 --cpus=0.25 scorer
