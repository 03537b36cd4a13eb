"""A textbook TCP server: a thread per client, one recv, one bare answer without a newline."""
import socket
import sys
import threading


def handle(client):
    with client:
        print("Client says:", client.recv(1024).decode(), flush=True)
        client.send(b"Hey there, from TCP server.")


server = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
server.bind(("127.0.0.1", int(sys.argv[1])))
server.listen(5)
print("listening on port", server.getsockname()[1], flush=True)
while True:
    connection, _ = server.accept()
    threading.Thread(target=handle, args=(connection,), daemon=True).start()
