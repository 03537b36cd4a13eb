"""A textbook turn-based chat server over TCP (or UDP): one client, waits for a message, sends the typed answer; exit ends it."""
import socket
import sys

udp = sys.argv[2] == "udp"
server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM if udp else socket.SOCK_STREAM)
server.bind(("127.0.0.1", int(sys.argv[1])))
if not udp:
    server.listen(1)
print("listening on port", server.getsockname()[1], flush=True)
connection, peer = (None, None) if udp else server.accept()


def send(text):
    if udp:
        server.sendto(text.encode(), peer)
    else:
        connection.sendall(text.encode())


while True:
    if udp:
        data, peer = server.recvfrom(4096)
    else:
        data = connection.recv(4096)
        if not data:
            print("Client disconnected", flush=True)
            break
    message = data.decode().strip()
    print("Client:", message, flush=True)
    if message.lower() == "exit":
        send("Goodbye! Closing session." if udp else "Goodbye! Closing connection.")
        break
    answer = input()
    send(answer)
    if answer.lower() == "exit":
        break
