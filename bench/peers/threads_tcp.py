"""TCP echo in Python, a thread for each connection."""
import socket
import threading


def serve(client):
    with client:
        client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        try:
            while data := client.recv(65536):
                client.sendall(data)
        except OSError:
            pass


with socket.create_server(("127.0.0.1", 0), backlog=4096) as listener:
    print(f"Listening on 127.0.0.1:{listener.getsockname()[1]}", flush=True)
    while True:
        connection, _ = listener.accept()
        threading.Thread(target=serve, args=(connection,), daemon=True).start()
