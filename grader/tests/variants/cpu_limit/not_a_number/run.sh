docker run -d --name web -p 8000:8000 --cpus=half scorer
