docker run -d --name web -p 8000:8000 --restart=on-failure:3 scorer sh -c 'python app.py; exit 1'
