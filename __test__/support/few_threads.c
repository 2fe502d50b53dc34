// A process that may start only a few threads more, from the moment that FAIL_NOW is set:
// what RLIMIT_NPROC does, but the same on every machine and for every user.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <unistd.h>

static atomic_int started;

int pthread_create(pthread_t *thread, const pthread_attr_t *attributes, void *(*run)(void *), void *argument) {
  static int (*create)(pthread_t *, const pthread_attr_t *, void *(*)(void *), void *);
  if (!create) create = dlsym(RTLD_NEXT, "pthread_create");
  const char *most = getenv("FAIL_AFTER");
  if (most && getenv("FAIL_NOW") && atomic_fetch_add(&started, 1) >= atoi(most)) return EAGAIN;
  return create(thread, attributes, run, argument);
}
