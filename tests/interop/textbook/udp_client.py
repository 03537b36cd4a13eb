"""A textbook UDP client: sends one datagram and receives one."""
import socket
import sys

client = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
client.settimeout(5)
client.sendto(sys.argv[3].encode(), (sys.argv[1], int(sys.argv[2])))
print("Server says:", client.recvfrom(1024)[0].decode())
