"""Serves one file on the loopback, with range requests. Prints its port. usage: range_server.py FILE [break|plain]
break: the first answer stops in the middle. plain: ranges are not understood."""
import http.server, sys

body = open(sys.argv[1], "rb").read()
how = sys.argv[2] if len(sys.argv) > 2 else ""


class Handler(http.server.BaseHTTPRequestHandler):
    broken = False

    def do_GET(self):
        if self.path != "/file":
            return self.send_error(404)
        asked = self.headers.get("Range")
        first = int(asked.split("=")[1].split("-")[0]) if asked and how != "plain" else 0
        self.send_response(206 if first else 200)
        if first:
            self.send_header("Content-Range", f"bytes {first}-{len(body) - 1}/{len(body)}")
        self.send_header("Content-Length", str(len(body) - first))
        self.end_headers()
        if how == "break" and not Handler.broken:
            Handler.broken = True
            self.wfile.write(body[first:len(body) // 2])
            self.close_connection = True
        else:
            self.wfile.write(body[first:])

    def log_message(self, *_):
        pass


server = http.server.HTTPServer(("127.0.0.1", 0), Handler)
print(server.server_port, flush=True)
server.serve_forever()
