docker run -d --name web -p 8000:8000 --restart unless-stopped scorer
