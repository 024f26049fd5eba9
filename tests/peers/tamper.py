"""A proxy that changes one thing of each request on its way, as somebody on the network would.

    tamper.py PORT WHAT FROM TO      listens on a free port, which it prints

WHAT: path (or query), body, or the name of a header; FROM is replaced by TO there. "hide" takes the
header FROM out of the answers. "none" changes nothing.
"""
import http.client
import http.server
import sys

PORT, WHAT, FROM, TO = int(sys.argv[1]), *sys.argv[2:5]


class Tamper(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def pass_on(self):
        path, headers = self.path, dict(self.headers.items())
        body = self.rfile.read(int(headers.get("Content-Length", 0)))
        if WHAT == "path":
            path = path.replace(FROM, TO)
        elif WHAT == "body":
            body = body.replace(FROM.encode(), TO.encode())
        elif WHAT in headers:
            headers[WHAT] = headers[WHAT].replace(FROM, TO)
        there = http.client.HTTPConnection("127.0.0.1", PORT)
        there.request(self.command, path, body or None, headers)
        answer = there.getresponse()
        text = answer.read()
        self.send_response_only(answer.status)
        for name, value in answer.getheaders():
            if name.lower() not in ("connection", "content-length", "transfer-encoding") and not (
                WHAT == "hide" and name.lower() == FROM.lower()
            ):
                self.send_header(name, value)
        length = answer.getheader("Content-Length") if self.command == "HEAD" else len(text)
        self.send_header("Content-Length", str(length or 0))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(text)
        there.close()

    do_GET = do_PUT = do_POST = do_HEAD = do_DELETE = pass_on

    def log_message(self, *args):
        pass


server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Tamper)
print(server.server_address[1], flush=True)
server.serve_forever()
