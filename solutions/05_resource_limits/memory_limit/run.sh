# Twice the normal load, and --memory-swap equal to --memory: no swap at all. Docker would otherwise
# grant as much swap again, and a leaking service would make the whole machine slow before it ends.
docker run -d --name web -p 8000:8000 \
    --memory=256m \
    --memory-swap=256m \
    --restart=on-failure:5 \
    scorer
