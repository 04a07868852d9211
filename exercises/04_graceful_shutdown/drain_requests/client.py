"""Two clients that make it hard to stop. Given.

    python client.py idle       asks once, and keeps its connection open for the next request
    python client.py endless    sends the first half of a batch, and never the rest

Each of them returns when the service has to do with it, and stays connected in the background.
"""

import os
import socket
import sys
import time

CONNECT_SECONDS = 15
IDLE = b"GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n"
ENDLESS = (
    b"POST /batch HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
    b"Content-Length: 100\r\nExpect: 100-continue\r\n\r\n"
)


def connect():
    deadline = time.monotonic() + CONNECT_SECONDS
    while True:
        try:
            return socket.create_connection(("127.0.0.1", 8000), CONNECT_SECONDS)
        except OSError as error:
            if time.monotonic() > deadline:
                sys.exit(f"nothing listens on port 8000: {error}")
            time.sleep(0.02)


def main(kind):
    connection = connect()
    connection.sendall(IDLE if kind == "idle" else ENDLESS)
    # "100 Continue" says that the service waits for the batch.
    print(connection.recv(4096).split(b"\r\n")[0].decode())
    if kind == "endless":
        connection.sendall(b'{"id": "endless", "rows": [[')
    sys.stdout.flush()
    if os.fork() == 0:
        os.setsid()
        for stream in range(3):
            os.close(stream)
        time.sleep(60)


main(sys.argv[1])
