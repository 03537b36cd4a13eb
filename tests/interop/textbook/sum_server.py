"""A textbook number exchange, server side: one client at a time, a bare answer, stops at a number outside 1 to 100."""
import socket
import sys

name, number = "Server of the textbook", 58
server = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
server.bind(("127.0.0.1", int(sys.argv[1])))
server.listen(1)
print("listening on port", server.getsockname()[1], flush=True)
while True:
    connection, _ = server.accept()
    client_name, _, client_number = connection.recv(1024).decode().rpartition(":")
    if not 1 <= int(client_number) <= 100:
        connection.close()
        break
    print("Client name:", client_name)
    print("Sum:", int(client_number) + number, flush=True)
    connection.send(f"{name}: {number}".encode())
    connection.close()
