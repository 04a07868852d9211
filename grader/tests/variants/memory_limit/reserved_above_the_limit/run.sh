docker run -d --name web -p 8000:8000 -m 200m --memory-swap 200m --memory-reservation 240m --restart=on-failure:5 scorer
