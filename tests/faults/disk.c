/*
 * A disk that fails on request. The tests of disk.rs preload this library into a host; it stands between the host and
 * the C library's write and fsync, and acts on files called `state.db*` alone.
 *
 * What to do is read from the file that HOUSEPARTY_DISK names, before every such call. A line of it is
 *
 *     <write|sync> <file name, or *> <fault> [number]
 *
 * and the first that fits counts. Faults: `full` and `broken` (ENOSPC, EIO), `short` (half of what is asked for is
 * written), `torn` (ENOSPC before the last 512 bytes of a page), `slow` (the call waits for that many milliseconds).
 * Every fault leaves one byte in `<that file>.hits`. No file, or no line that fits: the call is carried out.
 */

#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

/* A torn write halves what it is asked for down to this size, where the disk is full; smaller writes succeed. */
#define TORN_END 512

struct fault {
    char name[16];
    long number;
};

/* The name of a file of the store, or nothing for all other descriptors. */
static const char *store_file(int descriptor, char *path, size_t size) {
    char link[64];
    snprintf(link, sizeof link, "/proc/self/fd/%d", descriptor);
    ssize_t length = readlink(link, path, size - 1);
    if (length < 0) return NULL;
    path[length] = 0;
    const char *slash = strrchr(path, '/');
    if (slash == NULL || strncmp(slash + 1, "state.db", 8) != 0) return NULL;
    return slash + 1;
}

static void note_hit(const char *control) {
    char path[4096];
    snprintf(path, sizeof path, "%s.hits", control);
    int file = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    if (file < 0) return;
    syscall(SYS_write, file, ".", 1L);
    close(file);
}

/* Whether `call` on this descriptor is to fail, and how. */
static int find_fault(const char *call, int descriptor, struct fault *fault) {
    int kept = errno;
    char path[4096], text[4096];
    const char *control = getenv("HOUSEPARTY_DISK");
    const char *name = control == NULL ? NULL : store_file(descriptor, path, sizeof path);
    int file = name == NULL ? -1 : open(control, O_RDONLY | O_CLOEXEC);
    ssize_t length = file < 0 ? -1 : read(file, text, sizeof text - 1);
    if (file >= 0) close(file);
    errno = kept;
    if (length <= 0) return 0;
    text[length] = 0;
    char *rest = NULL;
    for (char *line = strtok_r(text, "\n", &rest); line != NULL; line = strtok_r(NULL, "\n", &rest)) {
        char of_call[16], of_file[64];
        fault->number = 0;
        int fields = sscanf(line, "%15s %63s %15s %ld", of_call, of_file, fault->name, &fault->number);
        if (fields < 3 || strcmp(of_call, call) != 0) continue;
        if (strcmp(of_file, "*") != 0 && strcmp(of_file, name) != 0) continue;
        note_hit(control);
        errno = kept;
        return 1;
    }
    return 0;
}

static void wait_ms(long ms) {
    struct timespec time = {ms / 1000, ms % 1000 * 1000000};
    while (nanosleep(&time, &time) != 0 && errno == EINTR) {
    }
}

/* The number of bytes to write, or -1 with errno set. */
static ssize_t allowed(int descriptor, size_t size) {
    struct fault fault;
    if (!find_fault("write", descriptor, &fault)) return size;
    if (strcmp(fault.name, "slow") == 0) {
        wait_ms(fault.number);
    } else if (strcmp(fault.name, "short") == 0) {
        return size > 1 ? size / 2 : size;
    } else if (strcmp(fault.name, "torn") == 0 && size != TORN_END) {
        return size > TORN_END ? size / 2 : size;
    } else {
        errno = strcmp(fault.name, "broken") == 0 ? EIO : ENOSPC;
        return -1;
    }
    return size;
}

ssize_t write(int descriptor, const void *bytes, size_t size) {
    ssize_t most = allowed(descriptor, size);
    return most < 0 ? -1 : syscall(SYS_write, descriptor, bytes, most);
}

ssize_t pwrite64(int descriptor, const void *bytes, size_t size, off64_t at) {
    ssize_t most = allowed(descriptor, size);
    return most < 0 ? -1 : syscall(SYS_pwrite64, descriptor, bytes, most, at);
}

ssize_t pwrite(int descriptor, const void *bytes, size_t size, off_t at) {
    return pwrite64(descriptor, bytes, size, at);
}

static int synced(int descriptor, long call) {
    struct fault fault;
    if (find_fault("sync", descriptor, &fault)) {
        if (strcmp(fault.name, "slow") != 0) {
            errno = strcmp(fault.name, "full") == 0 ? ENOSPC : EIO;
            return -1;
        }
        wait_ms(fault.number);
    }
    return syscall(call, descriptor);
}

int fsync(int descriptor) {
    return synced(descriptor, SYS_fsync);
}

int fdatasync(int descriptor) {
    return synced(descriptor, SYS_fdatasync);
}
