docker run -d --name web -p 8000:8000 --cpus=2 --cpus=0.50 scorer
