docker run -d --name web -p 8000:8000 -m 90m --memory-swap 90m --restart=on-failure scorer
