/*
 * What the load generators have in common: options, the clock, connecting, and a histogram of times.
 *
 * A generator takes its options as name=value. It prints "begin" when the warm-up is over and "end" when the time is, so that whoever
 * started it can read the server's CPU time at both, and then one JSON object with what it measured. It ends with 1, and a line on
 * standard error, if it could not measure at all; connections that the server closed or refused are counted as "broken" instead.
 */
#ifndef LOAD_H
#define LOAD_H
#define _GNU_SOURCE /* accept4 */

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

/* Ends the program: "Cannot <action>: <state>". */
static inline void die(const char *format, ...) {
  va_list values;
  va_start(values, format);
  vfprintf(stderr, format, values);
  va_end(values);
  fputc('\n', stderr);
  exit(1);
}

/* The text of the option name=…, or a default. */
static inline const char *text_option(int count, char **args, const char *name, const char *otherwise) {
  size_t length = strlen(name);
  for (int at = 1; at < count; at++) {
    if (strncmp(args[at], name, length) == 0 && args[at][length] == '=') return args[at] + length + 1;
  }
  return otherwise;
}

static inline double option(int count, char **args, const char *name, double otherwise) {
  const char *text = text_option(count, args, name, NULL);
  return text == NULL ? otherwise : atof(text);
}

/* Seconds on a clock that nobody sets. */
static inline double now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return time.tv_sec + time.tv_nsec * 1e-9;
}

static inline void pause_for(double seconds) {
  struct timespec time = {(time_t)seconds, (long)((seconds - (time_t)seconds) * 1e9)};
  nanosleep(&time, NULL);
}

/* Tells whoever started us; a pipe would keep it until it is full. */
static inline void say(const char *word) {
  puts(word);
  fflush(stdout);
}

static inline struct sockaddr_in loopback(int port) {
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(port)};
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return address;
}

/* A TCP connection that sends small messages at once (no Nagle's algorithm), or -1. */
static inline int connect_tcp(int port) {
  struct sockaddr_in address = loopback(port);
  int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), on = 1;
  if (fd < 0) die("Cannot open a socket: %s (see ulimit -n)", strerror(errno));
  if (connect(fd, (struct sockaddr *)&address, sizeof address) < 0) {
    close(fd);
    return -1;
  }
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  return fd;
}

/* How long opening connections may take (s). */
#define CONNECT_LIMIT 15

/*
 * Opens many connections, non-blocking; returns how many failed, whose fd is -1. The pauses let the server accept: while its queue is
 * full, the kernel drops a SYN and sends it again a second later. Where that happens, the pauses become longer. A server that never
 * accepts ends the program.
 */
static inline int connect_many(int port, int *fds, int count) {
  int failed = 0;
  double limit = now() + CONNECT_LIMIT, rest = 0.004;
  for (int at = 0; at < count; at++) {
    if (now() > limit) die("Cannot connect: after %d s, %d of %d connections are open", CONNECT_LIMIT, at - failed, count);
    double began = now();
    fds[at] = connect_tcp(port);
    if (now() - began > 0.5 && rest < 0.06) rest *= 2;
    if (fds[at] < 0) failed++;
    else fcntl(fds[at], F_SETFL, fcntl(fds[at], F_GETFL) | O_NONBLOCK);
    if (at % 64 == 63) pause_for(rest);
  }
  return failed;
}

/* Times in buckets, each 1 % wider than the one before, from a microsecond to an hour. */
enum { BUCKETS = 2304 };
struct histogram {
  long counts[BUCKETS], total;
};

static inline void add_time(struct histogram *times, double seconds) {
  int bucket = seconds <= 1e-6 ? 0 : (int)(log(seconds * 1e6) / log(1.01)) + 1;
  times->counts[bucket < BUCKETS ? bucket : BUCKETS - 1]++;
  times->total++;
}

/* The time, in milliseconds, that a share of all times does not exceed. */
static inline double percentile(const struct histogram *times, double share) {
  long left = (long)ceil(times->total * share);
  for (int bucket = 0; bucket < BUCKETS; bucket++) {
    left -= times->counts[bucket];
    if (left <= 0) return 1e-3 * pow(1.01, bucket);
  }
  return 0;
}

#endif
