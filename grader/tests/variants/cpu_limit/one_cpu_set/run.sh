docker run -d --name web -p 8000:8000 --cpuset-cpus=0 scorer
