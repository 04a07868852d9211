docker run -d --name web -p 8000:8000 --memory=4g --memory-swap=4g --restart=always scorer
