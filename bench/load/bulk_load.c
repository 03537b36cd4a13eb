/*
 * One connection, as many bytes as it takes: sent and read back, or only sent.
 *
 *   bulk_load port=N mode=echo|discard [seconds=1] [warm=0.2] [chunk=65536]
 *
 * Reading comes before writing: a generator that only writes until it is done would fill both sides' buffers and wait for ever. What
 * comes back is compared with what was sent. A server that discards has to close after our FIN: only then has it read everything.
 */
#include "load.h"
#include <poll.h>

/* Byte N of the stream is N modulo a prime, so that a byte lost or doubled shifts all the following ones. */
enum { PERIOD = 251, MOST = 1 << 20 };
static unsigned char pattern[MOST + PERIOD], buffer[MOST];
static size_t chunk;
static unsigned long long sent, received;
static long wrong;

/* Reads once; returns 0 at the end of the stream. */
static int take(int fd) {
  ssize_t count = recv(fd, buffer, chunk, 0);
  if (count < 0) {
    if (errno == EAGAIN) return 1;
    die("Cannot read: %s", strerror(errno));
  }
  if (memcmp(buffer, pattern + received % PERIOD, count) != 0) wrong++;
  received += count;
  return count > 0;
}

static void give(int fd) {
  ssize_t count = send(fd, pattern + sent % PERIOD, chunk, MSG_NOSIGNAL);
  if (count > 0) sent += count;
  else if (errno != EAGAIN) die("Cannot write: %s", strerror(errno));
}

static void run_until(int fd, double end) {
  while (now() < end) {
    struct pollfd ready = {.fd = fd, .events = POLLIN | POLLOUT};
    if (poll(&ready, 1, 20) < 0) die("Cannot poll: %s", strerror(errno));
    if (ready.revents & (POLLIN | POLLHUP | POLLERR) && !take(fd)) die("Cannot go on: the server has closed");
    if (ready.revents & POLLOUT) give(fd);
  }
}

/* Ends our side and reads what is still on its way. */
static void finish(int fd) {
  shutdown(fd, SHUT_WR);
  double limit = now() + 10;
  struct pollfd ready = {.fd = fd, .events = POLLIN};
  do {
    if (now() > limit) die("Cannot end: the server does not close after our FIN");
    poll(&ready, 1, 100);
  } while (take(fd));
}

int main(int argc, char **argv) {
  int port = option(argc, argv, "port", 0), echo = strcmp(text_option(argc, argv, "mode", "echo"), "echo") == 0, fd;
  double seconds = option(argc, argv, "seconds", 1), warm = option(argc, argv, "warm", 0.2);
  chunk = option(argc, argv, "chunk", 65536);
  if (chunk < 1 || chunk > MOST) die("Cannot use chunk=%zu: it must be from 1 to %d", chunk, MOST);
  for (size_t at = 0; at < sizeof pattern; at++) pattern[at] = at % PERIOD;
  if (connect_many(port, &fd, 1) > 0) die("Cannot connect: %s", strerror(errno));

  run_until(fd, now() + warm);
  unsigned long long before = echo ? received : sent;
  say("begin");
  double began = now();
  run_until(fd, began + seconds);
  if (!echo) finish(fd);
  unsigned long long moved = (echo ? received : sent) - before;
  double took = now() - began;
  say("end");
  if (echo) finish(fd);
  printf("{\"bytes\":%llu,\"seconds\":%.6f,\"wrong\":%ld,\"missing\":%llu}\n", moved, took, wrong, echo ? sent - received : 0);
  return 0;
}
