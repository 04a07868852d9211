docker run -d --name web -p 8000:8000 --init -m 128m --restart on-failure:3 scorer
