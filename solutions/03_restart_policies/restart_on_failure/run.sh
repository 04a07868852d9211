# Exit codes other than 0 only, and no more than three attempts: Docker waits 100, 200 and 400 ms
# before them. Without the number it would try for ever, and the logs would fill up.
docker run -d --name web -p 8000:8000 --restart=on-failure:3 scorer
