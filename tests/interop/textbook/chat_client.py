"""A textbook turn-based chat client over TCP (or UDP): sends what is typed as bare text and waits for the answer; exit ends it."""
import socket
import sys

udp = sys.argv[3] == "udp"
address = (sys.argv[1], int(sys.argv[2]))
client = socket.socket(socket.AF_INET, socket.SOCK_DGRAM if udp else socket.SOCK_STREAM)
client.settimeout(10)
if not udp:
    client.connect(address)
while True:
    message = input()
    if udp:
        client.sendto(message.encode(), address)
        data = client.recvfrom(4096)[0]
    else:
        client.sendall(message.encode())
        data = client.recv(4096)
        if not data:
            print("Server closed the connection.", flush=True)
            break
    print("Server:", data.decode().strip(), flush=True)
    if message.lower() == "exit":
        break
