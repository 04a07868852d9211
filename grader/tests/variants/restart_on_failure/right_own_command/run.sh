docker run -d --name web -p 8000:8000 -e MODEL=model.json --restart=on-failure:3 --read-only scorer sh -c 'exec python -u app.py'
