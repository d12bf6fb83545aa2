"""Serves one file on the loopback, with range requests. Prints its port. usage: range_server.py FILE [HOW]
break: every answer stops after 40,000 bytes. stall: the first one stays silent from there. plain: ranges are not understood.
long: six megabytes of zeros whose length is not announced."""
import http.server, sys, time

body = open(sys.argv[1], "rb").read()
how = sys.argv[2] if len(sys.argv) > 2 else ""


class Handler(http.server.BaseHTTPRequestHandler):
    stalled = False

    def do_GET(self):
        if self.path != "/file":
            return self.send_error(404)
        asked = self.headers.get("Range")
        first = int(asked.split("=")[1].split("-")[0]) if asked and how != "plain" else 0
        self.send_response(206 if first else 200)
        if first:
            self.send_header("Content-Range", f"bytes {first}-{len(body) - 1}/{len(body)}")
        if how != "long":
            self.send_header("Content-Length", str(len(body) - first))
        self.end_headers()
        if how == "long":
            for _ in range(100):
                self.wfile.write(bytes(1 << 16))
            return
        stops = how == "break" or how == "stall" and not Handler.stalled
        self.wfile.write(body[first:first + 40_000] if stops else body[first:])
        if how == "stall" and not Handler.stalled:
            Handler.stalled = True
            self.wfile.flush()
            time.sleep(600)

    def log_message(self, *_):
        pass


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, *_):  # a client that went away
        pass


server = Server(("127.0.0.1", 0), Handler)
print(server.server_port, flush=True)
server.serve_forever()
