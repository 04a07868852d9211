docker run -d --name web -p 8000:8000 --restart=on-failure:3 scorer sh -c 'while :; do python app.py; sleep 0.1; done'
