# One device by its number. The inner quotes are docker's own: it reads the value as CSV.
docker run -d --name web --gpus '"device=0"' scorer
