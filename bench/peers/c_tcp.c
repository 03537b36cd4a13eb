/*
 * What TCP can do here without a runtime: an echo server, or one that only reads, with epoll in one thread.
 *
 *   c_tcp [mode=echo|discard]
 *
 * A yardstick, no server to use: a client that sends and does not read holds up all the others. A real one would keep what it could not
 * send, wait for EPOLLOUT, and read no more of that client until then.
 */
#include "../load/load.h"

enum { BUFFER = 65536 };
static char buffer[BUFFER];

/* Reads once and sends it back; returns 0 when the connection is to be closed. */
static int serve(int fd, int echo) {
  ssize_t count = recv(fd, buffer, sizeof buffer, 0);
  if (count < 0) return errno == EAGAIN;
  for (ssize_t sent = 0; echo && sent < count;) {
    ssize_t gone = send(fd, buffer + sent, count - sent, MSG_NOSIGNAL);
    if (gone < 0 && errno == EAGAIN) pause_for(0.00005);
    else if (gone < 0) return 0;
    else sent += gone;
  }
  return count > 0;
}

int main(int argc, char **argv) {
  int echo = strcmp(text_option(argc, argv, "mode", "echo"), "echo") == 0, on = 1, epoll = epoll_create1(0);
  int listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  struct sockaddr_in address = loopback(0);
  socklen_t length = sizeof address;
  if (bind(listener, (struct sockaddr *)&address, length) < 0 || listen(listener, 4096) < 0) die("Cannot listen: %s", strerror(errno));
  getsockname(listener, (struct sockaddr *)&address, &length);
  printf("Listening on 127.0.0.1:%d\n", ntohs(address.sin_port));
  fflush(stdout);
  struct epoll_event event = {.events = EPOLLIN, .data.fd = listener}, ready[512];
  epoll_ctl(epoll, EPOLL_CTL_ADD, listener, &event);
  for (;;) {
    int count = epoll_wait(epoll, ready, 512, -1);
    for (int at = 0; at < count; at++) {
      int fd = ready[at].data.fd;
      if (fd == listener) {
        event.data.fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (event.data.fd < 0) continue;
        setsockopt(event.data.fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
        epoll_ctl(epoll, EPOLL_CTL_ADD, event.data.fd, &event);
      } else if (!serve(fd, echo)) {
        close(fd);
      }
    }
  }
}
