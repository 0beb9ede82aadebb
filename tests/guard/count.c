/*
 * Counts what a host asks of the C library and the kernel. The tests of mod.rs preload this library into a host; it
 * carries every call out and adds one to a counter in the file that HOUSEPARTY_COUNTS names, which both share.
 *
 * The counters, 64 bits each: allocations, allocated bytes, calls that send on a socket, calls that receive, waits for
 * the kernel (epoll). Without the variable nothing is counted.
 */

#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

enum { ALLOCATIONS, BYTES, SENDS, RECEIVES, WAITS, COUNTERS };

static uint64_t nowhere[COUNTERS];
static uint64_t *counters = nowhere;

__attribute__((constructor)) static void share(void) {
    const char *path = getenv("HOUSEPARTY_COUNTS");
    int file = path == NULL ? -1 : open(path, O_RDWR | O_CLOEXEC);
    if (file < 0) return;
    void *shared = mmap(NULL, sizeof nowhere, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    if (shared != MAP_FAILED) counters = shared;
    close(file);
}

static void count(int counter, uint64_t more) {
    __atomic_fetch_add(&counters[counter], more, __ATOMIC_RELAXED);
}

static void count_allocation(size_t size) {
    count(ALLOCATIONS, 1);
    count(BYTES, size);
}

extern void *__libc_malloc(size_t);
extern void *__libc_calloc(size_t, size_t);
extern void *__libc_realloc(void *, size_t);
extern void *__libc_memalign(size_t, size_t);

void *malloc(size_t size) {
    count_allocation(size);
    return __libc_malloc(size);
}

void *calloc(size_t items, size_t size) {
    count_allocation(items * size);
    return __libc_calloc(items, size);
}

void *realloc(void *old, size_t size) {
    count_allocation(size);
    return __libc_realloc(old, size);
}

void *memalign(size_t alignment, size_t size) {
    count_allocation(size);
    return __libc_memalign(alignment, size);
}

void *aligned_alloc(size_t alignment, size_t size) {
    return memalign(alignment, size);
}

int posix_memalign(void **place, size_t alignment, size_t size) {
    *place = memalign(alignment, size);
    return *place == NULL ? ENOMEM : 0;
}

ssize_t send(int socket, const void *bytes, size_t length, int flags) {
    count(SENDS, 1);
    return syscall(SYS_sendto, socket, bytes, length, flags, NULL, 0);
}

ssize_t sendmsg(int socket, const struct msghdr *message, int flags) {
    count(SENDS, 1);
    return syscall(SYS_sendmsg, socket, message, flags);
}

ssize_t writev(int file, const struct iovec *parts, int number) {
    count(SENDS, 1);
    return syscall(SYS_writev, file, parts, number);
}

ssize_t recv(int socket, void *bytes, size_t length, int flags) {
    count(RECEIVES, 1);
    return syscall(SYS_recvfrom, socket, bytes, length, flags, NULL, NULL);
}

ssize_t recvmsg(int socket, struct msghdr *message, int flags) {
    count(RECEIVES, 1);
    return syscall(SYS_recvmsg, socket, message, flags);
}

ssize_t readv(int file, const struct iovec *parts, int number) {
    count(RECEIVES, 1);
    return syscall(SYS_readv, file, parts, number);
}

int epoll_wait(int epoll, struct epoll_event *events, int number, int timeout) {
    count(WAITS, 1);
    return (int)syscall(SYS_epoll_wait, epoll, events, number, timeout);
}
