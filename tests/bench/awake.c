// Preloaded into the load generator: it polls for answers instead of sleeping until one comes.
//
// Over loopback, the server's send() also wakes a client that sleeps, and in a virtual machine that
// takes the hypervisor's help: up to half of what a small review costs, charged to the server, and
// only to a server that is slower than its client. A client that never sleeps costs none of them
// anything, so what is left on a server's clock is the server's own work.

#define _GNU_SOURCE
#include <dlfcn.h>
#include <sys/epoll.h>
#include <time.h>

static long long milliseconds(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return now.tv_sec * 1000LL + now.tv_nsec / 1000000;
}

typedef int (*wait_function)(int, struct epoll_event*, int, int);

int epoll_wait(int epoll, struct epoll_event* events, int most, int timeout) {
  static wait_function real;
  if (!real) real = (wait_function)dlsym(RTLD_NEXT, "epoll_wait");
  const long long end = milliseconds() + timeout;
  for (;;) {
    const int found = real(epoll, events, most, 0);
    if (found != 0 || (timeout >= 0 && milliseconds() >= end)) return found;
  }
}
