docker run -d --name web -p 8000:8000 --memory=268435456 --memory-swap=268435456 --restart=always scorer
