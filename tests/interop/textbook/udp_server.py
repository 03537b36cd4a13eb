"""A textbook UDP server: answers each datagram with another."""
import socket
import sys

server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
server.bind(("127.0.0.1", int(sys.argv[1])))
print("listening on port", server.getsockname()[1], flush=True)
while True:
    data, address = server.recvfrom(1024)
    print("Client says:", data.decode(), flush=True)
    server.sendto(b"Hello from server!", address)
