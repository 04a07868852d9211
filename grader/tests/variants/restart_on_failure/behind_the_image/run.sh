docker run -d --name web -p 8000:8000 scorer python app.py --restart=on-failure:3
