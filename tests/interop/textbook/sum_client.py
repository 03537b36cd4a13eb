"""A textbook number exchange, client side: sends a bare `NAME: NUMBER`, calls recv once, prints both numbers and their sum."""
import socket
import sys

name, number = "Client of the textbook", int(sys.argv[2])
client = socket.create_connection(("127.0.0.1", int(sys.argv[1])))
client.send(f"{name}: {number}".encode())
server_name, _, server_number = client.recv(1024).decode().rpartition(":")
client.close()
print("Client name:", name)
print("Server name:", server_name)
print("Client's number:", number)
print("Server's number:", int(server_number))
print("Sum:", number + int(server_number))
