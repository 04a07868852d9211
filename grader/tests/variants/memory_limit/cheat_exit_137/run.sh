docker run -d --name web -p 8000:8000 --restart=always scorer sh -c 'ulimit -v 300000; python app.py; exit 137'
