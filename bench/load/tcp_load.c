/*
 * Requests and responses over TCP: every busy connection sends a message, waits until all of it has come back, and sends the next.
 *
 *   tcp_load port=N [connections=64] [idle=0] [size=64] [seconds=1] [warm=0.3]
 *
 * One thread, and epoll says which connections have something to read. That is a generator's whole trick: it never waits for one
 * connection while another is ready. Idle connections are opened first, and say nothing.
 *
 * Each message has its connection's number and its own in it, so an answer to another one is found. "slowest" is how many exchanges the
 * slowest connection made, as a share of the median: 1 is fair, 0 is a connection that was never served.
 */
#include "load.h"

struct connection {
  int fd;
  size_t received;
  double asked;
  unsigned exchanges;
  char *message, *answer;
};

static size_t size;
static long exchanges, broken, wrong;
static struct histogram times;

/* Sends the next message. It must fit into the socket's buffer, which is empty at this time. */
static void ask(struct connection *connection) {
  memcpy(connection->message + 8, &connection->exchanges, size < 12 ? 0 : 4);
  connection->received = 0;
  connection->asked = now();
  ssize_t sent = send(connection->fd, connection->message, size, MSG_NOSIGNAL);
  if (sent >= 0 && (size_t)sent < size) die("Cannot send %zu bytes: a socket's buffer is smaller", size);
}

/* Gives up a connection that the server has closed. */
static void give_up(struct connection *connection) {
  close(connection->fd);
  connection->fd = -1;
  broken++;
}

/* Reads what has arrived; once the answer is complete, asks again. */
static void take(struct connection *connection) {
  ssize_t count = recv(connection->fd, connection->answer + connection->received, size - connection->received, 0);
  if (count < 0 && errno == EAGAIN) return;
  if (count <= 0) return give_up(connection);
  connection->received += count;
  if (connection->received < size) return;
  if (memcmp(connection->message, connection->answer, size) != 0) wrong++;
  add_time(&times, now() - connection->asked);
  connection->exchanges++;
  exchanges++;
  ask(connection);
}

/* Serves whatever is ready until a time. */
static void run_until(int epoll, double end) {
  struct epoll_event ready[512];
  while (now() < end) {
    int count = epoll_wait(epoll, ready, 512, 20);
    for (int at = 0; at < count; at++) take(ready[at].data.ptr);
  }
}

static int by_value(const void *one, const void *other) {
  unsigned a = *(const unsigned *)one, b = *(const unsigned *)other;
  return (a > b) - (a < b);
}

/* The exchanges of the slowest connection as a share of the median. */
static double slowest(const struct connection *connections, int count) {
  unsigned *made = calloc(count, sizeof *made);
  for (int at = 0; at < count; at++) made[at] = connections[at].exchanges;
  qsort(made, count, sizeof *made, by_value);
  return made[count / 2] == 0 ? 0 : (double)made[0] / made[count / 2];
}

static struct connection *open_connections(int port, int count, int epoll) {
  struct connection *connections = calloc(count, sizeof *connections);
  int *fds = calloc(count, sizeof *fds);
  broken = connect_many(port, fds, count);
  for (int at = 0; at < count; at++) {
    struct connection *connection = &connections[at];
    *connection = (struct connection){.fd = fds[at], .message = malloc(size), .answer = malloc(size)};
    memset(connection->message, 'x', size);
    memcpy(connection->message, &at, size < 4 ? size : 4);
    connection->message[size - 1] = '\n';
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = connection};
    if (connection->fd >= 0) epoll_ctl(epoll, EPOLL_CTL_ADD, connection->fd, &event);
  }
  free(fds);
  return connections;
}

int main(int argc, char **argv) {
  int port = option(argc, argv, "port", 0), count = option(argc, argv, "connections", 64);
  int idle = option(argc, argv, "idle", 0), epoll = epoll_create1(0);
  double seconds = option(argc, argv, "seconds", 1), warm = option(argc, argv, "warm", 0.3);
  size = option(argc, argv, "size", 64);
  int *silent = calloc(idle + 1, sizeof *silent);
  int refused = connect_many(port, silent, idle);
  struct connection *connections = open_connections(port, count, epoll);
  if (broken == count) die("Cannot measure: no connection was accepted");

  for (int at = 0; at < count; at++) if (connections[at].fd >= 0) ask(&connections[at]);
  run_until(epoll, now() + warm);
  for (int at = 0; at < count; at++) connections[at].exchanges = 0;
  exchanges = 0;
  memset(&times, 0, sizeof times);

  say("begin");
  double began = now();
  run_until(epoll, began + seconds);
  double took = now() - began;
  say("end");
  printf("{\"exchanges\":%ld,\"seconds\":%.6f,\"p50\":%.4f,\"p99\":%.4f,\"slowest\":%.4f,\"broken\":%ld,\"wrong\":%ld}\n",
         exchanges, took, percentile(&times, 0.5), percentile(&times, 0.99), slowest(connections, count), broken + refused, wrong);
  return 0;
}
