"""A textbook conversation between two over TCP: sends each typed line, prints each received line."""
import socket
import sys
import threading

role, port = sys.argv[1], int(sys.argv[2])
if role == "host":
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    listener.bind(("127.0.0.1", port))
    listener.listen(1)
    print("listening on port", listener.getsockname()[1], flush=True)
    peer, _ = listener.accept()
else:
    peer = socket.create_connection(("127.0.0.1", port))


def receive():
    for line in peer.makefile("r", encoding="utf-8", errors="replace"):
        print("received:", line.rstrip("\n"), flush=True)
    print("peer closed", flush=True)


threading.Thread(target=receive, daemon=True).start()
for line in sys.stdin:
    peer.sendall(line.encode())
