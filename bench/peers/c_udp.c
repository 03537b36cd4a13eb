/*
 * What UDP can do here without a runtime: every datagram goes back to where it came from.
 *
 *   c_udp
 */
#include "../load/load.h"

int main(void) {
  static char buffer[65507];
  int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  struct sockaddr_in address = loopback(0), from;
  socklen_t length = sizeof address;
  if (bind(fd, (struct sockaddr *)&address, length) < 0) die("Cannot bind: %s", strerror(errno));
  getsockname(fd, (struct sockaddr *)&address, &length);
  printf("Listening on 127.0.0.1:%d\n", ntohs(address.sin_port));
  fflush(stdout);
  for (;;) {
    length = sizeof from;
    ssize_t count = recvfrom(fd, buffer, sizeof buffer, 0, (struct sockaddr *)&from, &length);
    if (count >= 0) sendto(fd, buffer, count, 0, (struct sockaddr *)&from, length);
  }
}
