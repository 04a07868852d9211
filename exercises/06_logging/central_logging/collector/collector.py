"""A small log collector to try things with: prints the tag and the record of each event. Given."""

import json
import signal
import socketserver
import sys

import forward


class Connection(socketserver.StreamRequestHandler):
    def handle(self):
        for tag, record, chunk in forward.events(self.rfile):
            print(tag, json.dumps(record), flush=True)
            if chunk:
                self.wfile.write(forward.acknowledgement(chunk))


class Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True


signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
print("collector listens on port 24224", flush=True)
Server(("0.0.0.0", 24224), Connection).serve_forever()
