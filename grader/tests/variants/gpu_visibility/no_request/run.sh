docker run -d --name web scorer
