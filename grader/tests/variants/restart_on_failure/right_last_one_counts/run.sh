docker run -d --name web -p 8000:8000 --restart=always --restart=on-failure:3 scorer
