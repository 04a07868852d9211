# Half of one CPU's time: 50 ms of every 100 ms, however many threads there are. The kernel makes
# the service wait for the rest of each 100 ms; shares would count only while others want the CPU.
docker run -d --name web -p 8000:8000 --cpus=0.5 scorer
