/*
 * The members of a chat room: one says lines, all the others count what they hear.
 *
 *   chat_load ports=N[,N…] [members=40] [lines=300] [burst=2000]
 *
 * First lines one after the other, each once everyone has the one before: p50 and p99 are how long a line takes to reach the last
 * member. Then many at once: how many a second reach everyone. Members are spread over the ports, for a room of several servers.
 *
 * A line is 47 times "x"; whatever a room puts around it (a name, a time, notices of who joined) is passed over.
 */
#include "load.h"

enum { LETTERS = 47, BUFFER = 65536, QUIET = 300, LIMIT = 30, WARM = 100 };

struct member {
  int fd, run; /* How many "x" in a row have just come: a line may be cut over two reads. */
};

static struct member *members;
static int count, epoll;
/* How many lines are still to be heard, by all others together. */
static long missing;

static void take(struct member *member) {
  static char buffer[BUFFER];
  ssize_t got = recv(member->fd, buffer, sizeof buffer, 0);
  if (got < 0 && errno == EAGAIN) return;
  if (got <= 0) die("Cannot measure: the server has closed member %ld", (long)(member - members));
  for (ssize_t at = 0; at < got; at++) {
    if (buffer[at] != 'x') member->run = 0;
    /* What the speaker hears of its own does not count. */
    else if (++member->run == LETTERS && member != members) missing--;
  }
}

/* Reads what arrives within some time; returns how many members got something. */
static int listen_once(int milliseconds) {
  struct epoll_event ready[256];
  int found = epoll_wait(epoll, ready, 256, milliseconds);
  for (int at = 0; at < found; at++) take(ready[at].data.ptr);
  return found;
}

/* Says lines at once, and listens while it does; returns the seconds until everyone has the last one. */
static double say_lines(const char *lines, int number) {
  size_t length = (LETTERS + 1) * (size_t)number, sent = 0;
  missing = (long)(count - 1) * number;
  double began = now();
  while (missing > 0) {
    if (sent < length) {
      ssize_t gone = send(members[0].fd, lines + sent, length - sent, MSG_NOSIGNAL);
      if (gone > 0) sent += gone;
      else if (errno != EAGAIN) die("Cannot say a line: %s", strerror(errno));
    }
    listen_once(sent < length ? 1 : 20);
    if (now() - began > LIMIT) die("Cannot measure: %ld lines never came", missing);
  }
  return now() - began;
}

static void join(const char *ports) {
  const char *port = ports;
  for (int at = 0; at < count; at++) {
    if (connect_many(atoi(port), &members[at].fd, 1) > 0) die("Cannot join: member %d was refused", at);
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = &members[at]};
    epoll_ctl(epoll, EPOLL_CTL_ADD, members[at].fd, &event);
    listen_once(1);
    const char *comma = strchr(port, ',');
    port = comma == NULL ? ports : comma + 1;
  }
  /* A room greets after a while, for browsers speak first. */
  double joined = now();
  while (listen_once(QUIET) > 0 || now() - joined < 0.6);
}

int main(int argc, char **argv) {
  int lines = option(argc, argv, "lines", 300), burst = option(argc, argv, "burst", 2000);
  count = option(argc, argv, "members", 40);
  epoll = epoll_create1(0);
  members = calloc(count, sizeof *members);
  char *text = malloc((LETTERS + 1) * (size_t)burst);
  for (int at = 0; at < (LETTERS + 1) * burst; at++) text[at] = at % (LETTERS + 1) == LETTERS ? '\n' : 'x';
  join(text_option(argc, argv, "ports", "0"));

  struct histogram times = {0};
  for (int at = 0; at < WARM; at++) say_lines(text, 1);
  say("begin");
  for (int at = 0; at < lines; at++) add_time(&times, say_lines(text, 1));
  double took = say_lines(text, burst);
  say("end");
  printf("{\"lines\":%d,\"burst\":%d,\"seconds\":%.6f,\"p50\":%.4f,\"p99\":%.4f}\n", lines + burst, burst, took,
         percentile(&times, 0.5), percentile(&times, 0.99));
  return 0;
}
