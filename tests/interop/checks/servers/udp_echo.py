"""A UDP echo server as Python's library makes it, with room for every datagram unless an argument says otherwise."""
import os
import socketserver
import sys


class Echo(socketserver.BaseRequestHandler):
    def handle(self):
        data, server = self.request
        server.sendto(data, self.client_address)


class Server(socketserver.ThreadingUDPServer):
    max_packet_size = int(sys.argv[1]) if len(sys.argv) > 1 else 65535
    daemon_threads = True


Server(("127.0.0.1", int(os.environ["PORT"])), Echo).serve_forever()
