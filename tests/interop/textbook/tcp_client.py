"""A textbook TCP client: one bare message without a newline, one recv, done."""
import socket
import sys

host, port, message = sys.argv[1], int(sys.argv[2]), sys.argv[3]
with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as client:
    client.connect((host, port))
    client.send(message.encode())
    print("Server says:", client.recv(4096).decode())
