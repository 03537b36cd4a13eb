/*
 * TLS as a client: handshakes, small exchanges, bulk, or idle connections. Needs OpenSSL's headers (Debian: libssl-dev).
 *
 *   tls_load port=N mode=handshake|exchange|bulk|hold [connections=16] [seconds=1] [warm=0.3] [size=64]
 *
 * A thread for each connection, which waits as long as it likes; that is simpler than epoll, and good enough for some dozens. Why C: a
 * client in Node takes more of the machine for a handshake than the server does, and then it is the client that is measured. The
 * certificate is not checked, each handshake is a full one (nothing is resumed), and the server chooses version and cipher.
 */
#include "load.h"
#include <openssl/ssl.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>

enum { CHUNK = 65536 };
static SSL_CTX *context;
static int port;
static size_t size;
/* 0: warming up, 1: measuring, 2: the time is over. */
static atomic_int phase;

/* What one thread has done while it was measured. */
struct worker {
  pthread_t thread;
  SSL *tls;
  unsigned long long done;
  long failed;
  struct histogram times;
};

/* A connection whose handshake is done, or NULL. */
static SSL *open_tls(void) {
  int fd = connect_tcp(port);
  if (fd < 0) return NULL;
  SSL *tls = SSL_new(context);
  SSL_set_fd(tls, fd);
  if (SSL_connect(tls) == 1) return tls;
  SSL_free(tls);
  close(fd);
  return NULL;
}

static void close_tls(SSL *tls) {
  int fd = SSL_get_fd(tls);
  SSL_shutdown(tls);
  SSL_free(tls);
  close(fd);
}

static void *handshakes(void *given) {
  struct worker *worker = given;
  while (phase < 2) {
    double began = now();
    SSL *tls = open_tls();
    if (phase == 1) {
      if (tls == NULL) worker->failed++;
      else worker->done++;
      add_time(&worker->times, now() - began);
    }
    if (tls != NULL) close_tls(tls);
  }
  return NULL;
}

static void *exchanges(void *given) {
  struct worker *worker = given;
  char message[CHUNK], answer[CHUNK];
  memset(message, 'x', size);
  while (phase < 2) {
    double began = now();
    int got = 0, count;
    if (SSL_write(worker->tls, message, size) <= 0) break;
    while (got < (int)size && (count = SSL_read(worker->tls, answer + got, size - got)) > 0) got += count;
    if (got < (int)size || memcmp(message, answer, size) != 0) {
      worker->failed++;
      break;
    }
    if (phase != 1) continue;
    worker->done++;
    add_time(&worker->times, now() - began);
  }
  return NULL;
}

/*
 * One thread may use a connection at a time, so bulk takes turns: the socket does not block, and reading comes first, for a server that
 * echoes stops reading when we do not.
 */
static void *bulk(void *given) {
  struct worker *worker = given;
  char sent[CHUNK], buffer[CHUNK];
  memset(sent, 'x', CHUNK);
  int fd = SSL_get_fd(worker->tls);
  fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK);
  SSL_set_mode(worker->tls, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
  while (phase < 2) {
    int got = SSL_read(worker->tls, buffer, CHUNK);
    if (got > 0 ? memcmp(buffer, sent, got) != 0 : SSL_get_error(worker->tls, got) != SSL_ERROR_WANT_READ) {
      worker->failed++;
      break;
    }
    if (got > 0 && phase == 1) worker->done += got;
    if (SSL_write(worker->tls, sent, CHUNK) <= 0 && got <= 0) pause_for(0.00002);
  }
  return NULL;
}

static void hold(int count) {
  SSL **held = calloc(count, sizeof *held);
  char message[] = "hello\n", answer[64];
  for (int at = 0; at < count; at++) if ((held[at] = open_tls()) == NULL) die("Cannot hold %d connections: %d failed", count, at);
  say("open");
  for (char command[64]; read(STDIN_FILENO, command, sizeof command) > 0; say("exchanged")) {
    for (int at = 0; at < count; at++) {
      if (SSL_write(held[at], message, sizeof message - 1) <= 0 || SSL_read(held[at], answer, sizeof answer) <= 0) {
        die("Cannot measure: connection %d got no answer", at);
      }
    }
  }
}

int main(int argc, char **argv) {
  const char *mode = text_option(argc, argv, "mode", "handshake");
  int count = option(argc, argv, "connections", 16);
  double seconds = option(argc, argv, "seconds", 1), warm = option(argc, argv, "warm", 0.3);
  void *(*work)(void *) = strcmp(mode, "exchange") == 0 ? exchanges : strcmp(mode, "bulk") == 0 ? bulk : handshakes;
  port = option(argc, argv, "port", 0);
  size = option(argc, argv, "size", 64);
  if (size < 1 || size > CHUNK) die("Cannot use size=%zu: it must be from 1 to %d", size, CHUNK);
  signal(SIGPIPE, SIG_IGN);
  context = SSL_CTX_new(TLS_client_method());
  SSL_CTX_set_verify(context, SSL_VERIFY_NONE, NULL);
  SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
  if (strcmp(mode, "hold") == 0) return hold(count), 0;

  struct worker *workers = calloc(count, sizeof *workers), all = {0};
  for (int at = 0; at < count; at++) {
    if (work != handshakes && (workers[at].tls = open_tls()) == NULL) die("Cannot connect: the handshake failed");
    pthread_create(&workers[at].thread, NULL, work, &workers[at]);
  }
  pause_for(warm);
  say("begin");
  double began = now();
  phase = 1;
  pause_for(seconds);
  phase = 2;
  double took = now() - began;
  say("end");
  for (int at = 0; at < count; at++) {
    pthread_join(workers[at].thread, NULL);
    all.done += workers[at].done;
    all.failed += workers[at].failed;
    all.times.total += workers[at].times.total;
    for (int bucket = 0; bucket < BUCKETS; bucket++) all.times.counts[bucket] += workers[at].times.counts[bucket];
  }
  if (all.done == 0) die("Cannot measure: nothing came back");
  printf("{\"%s\":%llu,\"seconds\":%.6f,\"p50\":%.4f,\"p99\":%.4f,\"broken\":%ld}\n", work == bulk ? "bytes" : "exchanges", all.done,
         took, percentile(&all.times, 0.5), percentile(&all.times, 0.99), all.failed);
  return 0;
}
