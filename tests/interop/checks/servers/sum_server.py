"""A right server of the number exchange as Python's library makes it: a thread for each client, one question each, strict numbers."""
import os
import re
import socketserver
import threading


class Exchange(socketserver.StreamRequestHandler):
    timeout = 30

    def handle(self):
        try:
            line = self.rfile.readline(65536)
            if line:
                answer, stops = self.answer(line.decode(errors="replace"))
                self.wfile.write(answer + b"\n")
                # Only now: when the main thread ends, this one does.
                if stops:
                    threading.Thread(target=self.server.shutdown).start()
        except OSError:
            pass  # The client is gone.

    def answer(self, question):
        match = re.fullmatch(r"(.+):[ \t]*([+-]?[0-9]{1,4000})\s*", question, re.DOTALL)
        if match is None:
            return b"That is no question: NAME: INTEGER", False
        if not 1 <= int(match[2]) <= 100:
            return b"That number stops the server", True
        print("Client name:", ascii(match[1]), "number:", int(match[2]), flush=True)
        return b"Python: 58", False


class Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True


with Server(("127.0.0.1", int(os.environ["PORT"])), Exchange) as server:
    server.serve_forever()
