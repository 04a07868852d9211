"""Tests of scorer: python -m unittest discover -s tests, in the folder of app.py. Given."""

import json
import sys
import threading
import unittest
import urllib.request
from http.server import ThreadingHTTPServer
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import app


class Answers(unittest.TestCase):
    def setUp(self):
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), app.Handler)
        threading.Thread(target=self.server.serve_forever, args=(0.01,), daemon=True).start()
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"

    def tearDown(self):
        self.server.shutdown()
        self.server.server_close()

    def test_health(self):
        with urllib.request.urlopen(f"{self.url}/health") as response:
            self.assertEqual(json.load(response), {"status": "ok"})

    def test_predict_is_the_models_own_sum(self):
        features = [1.0] * len(app.MODEL["weights"])
        request = urllib.request.Request(
            f"{self.url}/predict", json.dumps({"features": features}).encode()
        )
        with urllib.request.urlopen(request) as response:
            score = json.load(response)["score"]
        self.assertAlmostEqual(score, app.MODEL["bias"] + sum(app.MODEL["weights"]))


if __name__ == "__main__":
    unittest.main()
