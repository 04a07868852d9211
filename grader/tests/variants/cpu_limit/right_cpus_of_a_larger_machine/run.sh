docker run -d --name web -p 8000:8000 --cpus=0.5 --cpuset-cpus=0,1023 scorer
