docker run -d --name web -p 8000:8000 --restart=always:3 scorer
