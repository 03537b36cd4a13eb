/*
 * Requests and responses over UDP: a window of datagrams on their way, and one more for each that comes back.
 *
 *   udp_load port=N [window=1] [size=64] [seconds=1] [warm=0.3]
 *
 * A datagram's number says which place of the window it belongs to. One that is not back after 100 ms is lost: its place gets the next
 * number, and an answer to the old one, should it still come, counts for nothing.
 */
#include "load.h"
#include <poll.h>

#define PATIENCE 0.1
enum { MOST = 65507 };

struct place {
  unsigned long long number;
  double sent;
};

static struct place *places;
static int window, fd;
static size_t size;
static char message[MOST], answer[MOST];
static long exchanges, lost, wrong;
static struct histogram times;

static void send_next(struct place *place) {
  place->number += window;
  place->sent = now();
  memcpy(message, &place->number, sizeof place->number);
  /* A full buffer or a refusal is a loss like any other. */
  send(fd, message, size, 0);
}

static void take_all(void) {
  ssize_t count;
  while ((count = recv(fd, answer, sizeof answer, MSG_DONTWAIT)) >= 0) {
    unsigned long long number;
    memcpy(&number, answer, sizeof number);
    struct place *place = &places[number % window];
    if ((size_t)count != size || memcmp(answer + sizeof number, message + sizeof number, size - sizeof number) != 0) wrong++;
    if (place->number != number) continue;
    add_time(&times, now() - place->sent);
    exchanges++;
    send_next(place);
  }
}

static void find_lost(void) {
  double limit = now() - PATIENCE;
  for (int at = 0; at < window; at++) {
    if (places[at].sent > limit) continue;
    lost++;
    send_next(&places[at]);
  }
}

static void run_until(double end) {
  for (double checked = now(), time; (time = now()) < end;) {
    struct pollfd ready = {.fd = fd, .events = POLLIN};
    if (poll(&ready, 1, 20) > 0) take_all();
    if (time - checked < PATIENCE / 2) continue;
    find_lost();
    checked = time;
  }
}

int main(int argc, char **argv) {
  int port = option(argc, argv, "port", 0), room = 1 << 20;
  double seconds = option(argc, argv, "seconds", 1), warm = option(argc, argv, "warm", 0.3);
  struct sockaddr_in address = loopback(port);
  window = option(argc, argv, "window", 1);
  size = option(argc, argv, "size", 64);
  if (size < sizeof places->number || size > MOST) die("Cannot use size=%zu: it must be from 8 to %d", size, MOST);
  fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &room, sizeof room);
  if (connect(fd, (struct sockaddr *)&address, sizeof address) < 0) die("Cannot connect: %s", strerror(errno));
  memset(message, 'x', size);
  places = calloc(window, sizeof *places);
  for (int at = 0; at < window; at++) {
    places[at].number = at;
    send_next(&places[at]);
  }

  run_until(now() + warm);
  exchanges = lost = 0;
  memset(&times, 0, sizeof times);
  say("begin");
  double began = now();
  run_until(began + seconds);
  double took = now() - began;
  say("end");
  if (exchanges == 0) die("Cannot measure: no answer");
  printf("{\"exchanges\":%ld,\"seconds\":%.6f,\"p50\":%.4f,\"p99\":%.4f,\"lost\":%ld,\"wrong\":%ld}\n", exchanges, took,
         percentile(&times, 0.5), percentile(&times, 0.99), lost, wrong);
  return 0;
}
