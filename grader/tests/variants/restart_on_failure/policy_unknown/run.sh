docker run -d --name web -p 8000:8000 --restart=on-crash:3 scorer
