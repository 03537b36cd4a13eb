"""A textbook WebSocket client on a plain socket (RFC 6455): one text, its echo, a ping, the closing handshake."""
import base64
import hashlib
import os
import socket
import sys


def exactly(client, count):
    data = b""
    while len(data) < count:
        more = client.recv(count - len(data))
        if not more:
            raise SystemExit("the stream ended")
        data += more
    return data


def send(client, opcode, payload):
    key = os.urandom(4)
    masked = bytes(byte ^ key[at % 4] for at, byte in enumerate(payload))
    length = bytes([0x80 | len(payload)]) if len(payload) < 126 else b"\xfe" + len(payload).to_bytes(2, "big")
    client.sendall(bytes([0x80 | opcode]) + length + key + masked)


def receive(client):
    start, length = exactly(client, 2)
    if length >= 126:
        length = int.from_bytes(exactly(client, 2 if length == 126 else 8), "big")
    return start & 15, exactly(client, length)


host, port, text = sys.argv[1], int(sys.argv[2]), sys.argv[3]
with socket.create_connection((host, port)) as client:
    key = base64.b64encode(os.urandom(16)).decode()
    client.sendall(
        f"GET /websocket HTTP/1.1\r\nHost: {host}:{port}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        f"Sec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\n\r\n".encode()
    )
    head = b""
    while not head.endswith(b"\r\n\r\n"):
        head += exactly(client, 1)
    accept = hashlib.sha1((key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11").encode()).digest()
    print(head.decode().splitlines()[0], base64.b64encode(accept) in head)
    send(client, 1, text.encode())
    opcode, payload = receive(client)
    print(opcode, payload.decode())
    send(client, 9, b"still there?")
    print(*receive(client))
    send(client, 8, (1000).to_bytes(2, "big"))
    opcode, payload = receive(client)
    print(opcode, int.from_bytes(payload, "big"), client.recv(1))
