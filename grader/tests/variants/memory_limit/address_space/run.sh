docker run -d --name web -p 8000:8000 --memory=256m --memory-swap=256m --restart=on-failure:5 \
    scorer sh -c 'ulimit -v 250000; exec python app.py'
