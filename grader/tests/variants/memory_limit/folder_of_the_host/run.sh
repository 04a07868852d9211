docker run -d --name web -p 8000:8000 -m 200m --memory-swap 200m -v $PWD:/data --restart=on-failure:5 scorer
