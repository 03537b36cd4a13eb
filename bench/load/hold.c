/*
 * Opens connections and keeps them, so that a server's memory can be read with and without them.
 *
 *   hold port=N [connections=1000] [message=TEXT]
 *
 * Prints "open" once all are. A line on standard input makes each connection send the message, in which \r and \n stand for the two
 * bytes; "exchanged" follows when each has been answered and nothing more comes. The end of standard input ends it. What arrives in the
 * meantime is read, so that the server never has to keep it.
 */
#include "load.h"

/* How long it must be quiet after the last answer (ms), and how long answers may take (s). */
enum { QUIET = 200, LIMIT = 20 };

static int *fds, count, epoll;
static char *answered, message[4096];
static size_t length;

static void unescape(const char *text) {
  for (; *text != '\0' && length < sizeof message; text++) {
    if (*text == '\\' && (text[1] == 'n' || text[1] == 'r')) message[length++] = *++text == 'n' ? '\n' : '\r';
    else message[length++] = *text;
  }
}

/* Reads what has arrived within some time; returns whether anything has. */
static int take(int milliseconds) {
  static char buffer[65536];
  struct epoll_event ready[512];
  int found = epoll_wait(epoll, ready, 512, milliseconds), read_any = 0;
  for (int at = 0; at < found; at++) {
    int number = ready[at].data.fd;
    if (number < 0) continue;
    if (recv(fds[number], buffer, sizeof buffer, 0) <= 0) die("Cannot hold connection %d: the server has closed it", number);
    answered[number] = read_any = 1;
  }
  return read_any;
}

/* The first connection that still waits for an answer, or -1. */
static int unanswered(void) {
  for (int at = 0; at < count; at++) if (!answered[at]) return at;
  return -1;
}

static void exchange(void) {
  memset(answered, 0, count);
  for (int at = 0; at < count; at++) {
    if (send(fds[at], message, length, MSG_NOSIGNAL) < 0) die("Cannot send: %s", strerror(errno));
    if (at % 16 == 15) take(0);
  }
  double limit = now() + LIMIT;
  while (take(QUIET) || unanswered() >= 0) {
    if (now() > limit) die("Cannot measure: connection %d got no answer, or answers do not end", unanswered());
  }
}

int main(int argc, char **argv) {
  int port = option(argc, argv, "port", 0);
  count = option(argc, argv, "connections", 1000);
  unescape(text_option(argc, argv, "message", "hello\\n"));
  fds = calloc(count, sizeof *fds);
  answered = calloc(count, 1);
  epoll = epoll_create1(0);
  int failed = connect_many(port, fds, count);
  if (failed > 0) die("Cannot hold %d connections: %d were refused", count, failed);
  struct epoll_event event = {.events = EPOLLIN, .data.fd = -1};
  epoll_ctl(epoll, EPOLL_CTL_ADD, STDIN_FILENO, &event);
  for (int at = 0; at < count; at++) {
    event.data.fd = at;
    epoll_ctl(epoll, EPOLL_CTL_ADD, fds[at], &event);
  }
  while (take(QUIET));
  say("open");
  fcntl(STDIN_FILENO, F_SETFL, O_NONBLOCK);
  for (;;) {
    char command[64];
    ssize_t got = read(STDIN_FILENO, command, sizeof command);
    if (got == 0) return 0;
    if (got > 0) {
      exchange();
      say("exchanged");
    }
    take(50);
  }
}
