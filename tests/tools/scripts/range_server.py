"""Serves one file on the loopback interface, with range requests. Prints its port.

usage: range_server.py FILE [MODE]
  break  every answer stops after 40,000 bytes
  stall  the first answer stops after 40,000 bytes and keeps the connection open
  plain  range requests are ignored
  long   every answer is six megabytes of zeros whose length is not announced"""
import http.server, sys, time

body = open(sys.argv[1], "rb").read()
mode = sys.argv[2] if len(sys.argv) > 2 else ""


class Handler(http.server.BaseHTTPRequestHandler):
    stalled = False

    def do_GET(self):
        if self.path != "/file":
            return self.send_error(404)
        requested = self.headers.get("Range")
        first = int(requested.split("=")[1].split("-")[0]) if requested and mode != "plain" else 0
        self.send_response(206 if first else 200)
        if first:
            self.send_header("Content-Range", f"bytes {first}-{len(body) - 1}/{len(body)}")
        if mode != "long":
            self.send_header("Content-Length", str(len(body) - first))
        self.end_headers()
        if mode == "long":
            for _ in range(100):
                self.wfile.write(bytes(1 << 16))
            return
        stops = mode == "break" or mode == "stall" and not Handler.stalled
        self.wfile.write(body[first:first + 40_000] if stops else body[first:])
        if mode == "stall" and not Handler.stalled:
            Handler.stalled = True
            self.wfile.flush()
            time.sleep(600)

    def log_message(self, *_):
        pass


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, *_):  # a client that has closed the connection
        pass


server = Server(("127.0.0.1", 0), Handler)
print(server.server_port, flush=True)
server.serve_forever()
