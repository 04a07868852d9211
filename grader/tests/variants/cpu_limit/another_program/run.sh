docker run -d --name web -p 8000:8000 --cpus=0.5 scorer python -m http.server 8000
