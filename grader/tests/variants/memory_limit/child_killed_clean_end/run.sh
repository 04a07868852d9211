docker run -d --name web -p 8000:8000 -m 256m --memory-swap 256m --restart=always scorer sh -c 'python app.py; exit 0'
